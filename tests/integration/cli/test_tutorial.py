"""The tutorial, typed as it stands there: each command ends as it is shown to, and prints what is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tenantry.embedded.binaries import wheel_bindir
from tests.support.program import environment

pytestmark = pytest.mark.any_server

TUTORIAL = Path(__file__).parents[3] / "docs/tutorial/first-warehouse.md"
THEIR_SERVER = "/home/ann/.local/share/tenantry/server"
MARK = "@@@ "


@dataclass(frozen=True)
class Step:
    """A command of the tutorial, and what is shown below it."""

    command: str
    shown: str


def steps() -> list[Step]:
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    found = []
    for part in re.split(r"^\$ ", blocks, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        # A quoted text may go on in the next lines.
        count = next(n for n in range(1, len(lines) + 1) if "".join(lines[:n]).count('"') % 2 == 0)
        found.append(Step("".join(lines[:count]).rstrip(), "".join(lines[count:])))
    return found


def smaller(command: str, today: date) -> str:
    """The command for a demo of three days, in which the demo's tenants have no whole year."""
    command = re.sub(r"^tenantry demo\b", "tenantry demo --days 3", command)
    command = re.sub(r"^(tenantry year check .*)--all", r"\1--tenant acme", command)
    return command.replace("2026", str(today.year)).replace("2025", str(today.year - 1))


def shape(line: str) -> str:
    """A line without its numbers and days, and with one blank between its words."""
    return " ".join(re.sub(r"\d[\d,.-]*", "N", line).split())


@pytest.fixture
def typed(server_parent: Path, today: date) -> Iterator[list[tuple[Step, int, str]]]:
    """Each step of the tutorial with the status that it ended with, and what it printed."""
    folder = server_parent / "server"
    env = environment({"TENANTRY_SERVER_DIR": str(folder), "COLUMNS": "300"})
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), str(wheel_bindir()), env["PATH"]])
    acme = re.search(r"^```sql\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert acme is not None
    (server_parent / "acme.sql").write_text(acme[1], encoding="utf-8")

    def bash(script: str) -> str:
        return subprocess.run(
            ["bash", "-c", script],
            cwd=server_parent,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=500,
        ).stdout

    try:
        todo = [(step, smaller(step.command, today)) for step in steps()]
        first, rest = todo[0], todo[1:]
        made = bash(first[1])
        assert "Done in" in made, made
        port = re.search(r"port=(\d+)", bash("tenantry server start"))
        assert port is not None
        script = "".join(
            f"{command}\nended=$?; echo; echo '{MARK}'$ended; (exit $ended)\n" for _, command in rest
        )
        ran = bash(script.replace("36539", port[1]).replace(THEIR_SERVER, str(folder)))
        outputs = re.findall(rf"(.*?)\n{MARK}(\d+)\n", ran, re.DOTALL)
        assert len(outputs) == len(rest), ran
        yield [
            (step, int(code), text.replace(str(folder), THEIR_SERVER))
            for (step, _), (text, code) in zip(rest, outputs, strict=True)
        ]
    finally:
        bash("tenantry server stop")


@pytest.mark.timeout(900)
def test_every_command_of_the_tutorial_ends_as_it_is_shown_to(typed: list[tuple[Step, int, str]]) -> None:
    for step, code, out in typed:
        assert code == (1 if "error: " in step.shown else 0), f"{step.command}\n{out}"
    by_tenantry = [item for item in typed if item[0].command.startswith("tenantry")]
    assert len(by_tenantry) > 7
    for step, _, out in by_tenantry:
        printed = {shape(line) for line in out.splitlines()}
        # The three tenants of the demo have fewer days here, and are not asked for their years.
        shown = {
            line
            for line in map(shape, step.shown.splitlines())
            if line and not ("year check" in step.command and re.match("harvest|marina|orchard", line))
        }
        assert shown - printed == set(), f"{step.command}\n{out}"
