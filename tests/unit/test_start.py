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


def test_a_load_waits_for_no_parser() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import tenantry.warehouse, tenantry.flow.template.stored, tenantry.cli.progress",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tenantry.loader.run" in told.stderr
    assert "pglast" not in told.stderr
