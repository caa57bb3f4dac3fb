"""What the shell offers at the Tab key: the program is asked as bash asks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import Warehouse
from tests.support.program import environment

pytestmark = pytest.mark.any_server


def offered(line: str, dsn: str | None = None, folder: Path | None = None) -> list[str]:
    """What bash would offer after the line."""
    words = line.split(" ")
    extra = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_TENANTRY_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", "from tenantry.cli.main import commands; commands()(prog_name='tenantry')"],
        cwd=folder,
        env=environment(extra | ({"TENANTRY_DSN": dsn} if dsn else {})),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_tenants_and_templates_of_the_warehouse_are_offered(acme: Warehouse) -> None:
    """By the beginning of their names."""
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme'), ('globex', 'globex')")

    assert offered("tenantry tenant show a", acme.conninfo) == ["acme"]
    assert offered("tenantry refresh ", acme.conninfo) == ["foodlogstats"]
    assert offered("tenantry refresh foodlogstats --tenant ", acme.conninfo) == ["acme", "globex"]


def test_what_every_command_takes_is_offered_after_a_shortened_command_too(acme: Warehouse) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")

    assert offered("tenantry status a", acme.conninfo) == ["acme"]
    assert offered("tenantry ten ad x --ds") == ["--dsn"]
    assert offered("tenantry help tenant ad") == ["add"]


def test_old_names_are_not_offered_but_what_follows_them_is(acme: Warehouse) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")

    assert offered("tenantry tenant re") == ["reload"]
    assert offered("tenantry tenant reload acme --jo") == []
    assert offered("tenantry tenant rebuild a", acme.conninfo) == ["acme"]
    assert offered("tenantry backfill foodlogstats --jobs 2 --pa") == ["--pause"]


def test_a_warehouse_that_does_not_answer_offers_nothing_and_says_nothing() -> None:
    """An error would stand in the middle of the line that is being typed."""
    assert offered("tenantry tenant show a", "host=127.0.0.1 port=1 user=whadmin dbname=postgres") == []


def test_the_tab_key_sends_no_password_to_a_host_of_a_file_that_lies_there(
    acme: Warehouse, tmp_path: Path
) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")
    (tmp_path / "tenantry.toml").write_text(f"[warehouse]\ndsn = '{acme.conninfo}'\n")

    assert offered("tenantry tenant show a", folder=tmp_path) == []
    assert offered("tenantry tenant show a", acme.conninfo, folder=tmp_path) == ["acme"]
