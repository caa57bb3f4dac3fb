"""What the program needs before it can answer."""

import subprocess
import sys

import pytest

SLOW = {
    "psycopg",
    "pglast",
    "rich.progress",
    "tenantry.db",
    "tenantry.flow",
    "tenantry.loader",
    "tenantry.embedded",
}


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "refresh --help",
        "tenant add --help",
        "year fold --help",
        "template load --help",
        "--version",
    ],
)
def test_help_waits_for_no_library_that_only_commands_need(arguments: str) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tenantry", *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "tenantry.cli.main" in imported
    assert imported & SLOW == set()


def test_the_front_door_waits_for_nothing_that_only_some_of_its_methods_need() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, tenantry.warehouse; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(told.stdout.split())
    assert "tenantry.warehouse.base" in modules
    rooms = ("flow", "schedule", "observe", "recovery", "fleet")
    assert not [name for name in modules if name.startswith(tuple(f"tenantry.{room}" for room in rooms))]
    assert not {"tenantry.loader.run", "tenantry.loader.planning", "tenantry.embedded", "pglast"} & modules


def test_a_load_waits_for_no_parser() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import tenantry.loader.planning, tenantry.loader.run, tenantry.flow.template.stored, tenantry.cli.progress",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tenantry.loader.run" in told.stderr
    assert "pglast" not in told.stderr
