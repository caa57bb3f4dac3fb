"""The unit and the container file call a command that exists, and leave it the time it asks for."""

import re
from pathlib import Path

from typer.main import get_command

from tenantry.cli.main import app

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
