"""A mutant against its tests, in a copy of the project."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant

PARTS = (
    "src",
    "tests",
    "docs",
    "bench",
    "packaging",
    ".ci",
    ".github",
    ".pre-commit-config.yaml",
    "pyproject.toml",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "SECURITY.md",
    "requirements.lock",
)
PYTHON = ROOT / ".venv/bin/python"


@contextmanager
def project() -> Iterator[Path]:
    """A copy of the project, for one mutant after the other."""
    with tempfile.TemporaryDirectory(prefix="tenantry-mutants-") as folder:
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder)
        yield Path(folder)


def pytest(
    root: Path, tests: Sequence[str], *options: str, seconds: float | None = None
) -> tuple[int | None, str]:
    """Run tests of a copy: pytest's exit code, None if it takes longer than that, and what it printed."""
    names = root / "tests-to-run"
    names.write_text("\n".join(tests), encoding="utf-8")
    with subprocess.Popen(
        [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not system", *options, f"@{names}"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            out, _ = process.communicate()
            return None, out
        return process.returncode, out


def judge(root: Path, mutant: Mutant, tests: Sequence[str], seconds: float) -> tuple[str, str]:
    """`killed`, `survived` or `stillborn` (it cannot be installed), and the test that noticed."""
    path = root / mutant.path
    before = path.read_text(encoding="utf-8")
    path.write_text(mutant.text, encoding="utf-8")
    try:
        code, out = pytest(root, tests, "-x", "--tb=line", seconds=seconds)
    finally:
        path.write_text(before, encoding="utf-8")
    if code == 0:
        return "survived", f"{len(tests)} tests"
    if code is None:
        return "killed", "its tests do not end"
    noticed = next((line for line in out.splitlines() if line.startswith(("FAILED", "ERROR"))), out[-200:])
    # The template of all tests' warehouses could not be made, or nothing could be loaded at all.
    if code not in (1, 2) or ("SyntaxError" in out and noticed.startswith("ERROR")):
        return "stillborn", noticed
    return "killed", noticed
