"""The unit and the container file call a command that exists, and leave it the time it asks for."""

import re
import tomllib
from pathlib import Path

from typer.main import get_command

from docs.reference.dependencies import locked
from tenantry.cli.main import app

ROOT = Path(__file__).parents[2]
PACKAGING = Path(__file__).parents[2] / "packaging"


def test_the_systemd_unit_starts_the_scheduler_with_options_that_it_has_and_waits_for_its_grace() -> None:
    unit = (PACKAGING / "tenantry-scheduler.service").read_text(encoding="utf-8")
    started = re.search(r"^ExecStart=\S+/tenantry (.+)$", unit, re.MULTILINE)
    patience = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert started is not None
    assert patience is not None
    name, *options = started[1].split()
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    parsed = command.make_context(name, options).params
    assert parsed["grace"] < int(patience[1])


def test_the_container_starts_the_scheduler_and_not_as_root() -> None:
    lines = (PACKAGING / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert lines.index("USER 10001") < lines.index('CMD ["scheduler"]')
    assert 'ENTRYPOINT ["tenantry"]' in lines


def test_the_container_installs_nothing_that_is_not_locked_with_hashes() -> None:
    text = (PACKAGING / "Containerfile").read_text(encoding="utf-8")
    installs = re.findall(r"pip install [^&\n\\]+", text)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps --no-index" in one for one in installs), installs
    assert all("--no-deps --no-build-isolation" in one for one in re.findall(r"pip wheel [^&\n\\]+", text))
    image = re.search(r"^ARG PYTHON_IMAGE=\S+:(\S+)$", text, re.MULTILINE)
    assert image is not None
    assert re.match(r"\d+\.\d+\.\d+-", image[1]), "a tag that names one release"
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2


def test_the_containers_lock_has_what_the_program_needs_at_the_versions_that_are_tested() -> None:
    needed, tested = locked(PACKAGING / "requirements.lock"), locked(ROOT / "requirements.lock")
    assert needed.items() <= tested.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[\[<>=]", one)[0] for one in project["dependencies"]}
    assert names <= set(needed)
    assert "pytest" not in needed
    text = (PACKAGING / "requirements.lock").read_text(encoding="utf-8")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\w)", text))
