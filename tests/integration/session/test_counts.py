"""What commands ask of servers: tests/data/counts.tsv has how often each logs in, asks and waits, and how much it locks.

Every wait costs as much time as the server is far away, and every login a process of the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple, fields
from datetime import date
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from tests.integration.session.counter import Counter, Counts
from tests.support.databases import Source, Warehouse
from tests.support.program import environment, run, succeed

pytestmark = pytest.mark.any_server

COMMITTED = Path(__file__).parents[2] / "data/counts.tsv"
REWRITE = "TENANTRY_WRITE_COUNTS=1 .venv/bin/python -m pytest tests/integration/session/test_counts.py"
HEAD = ("command", "database", *(field.name for field in fields(Counts)))

FIRST, LAST = date(2024, 3, 1), date(2024, 3, 31)
BYTES = 0.05
"""How much the bytes may differ: moments and durations are longer or shorter texts each time."""

MOST_MODULES = 441
"""Modules that a refresh loads at most: a third are Python's own, and a third psycopg's and what it needs."""

NEEDLESS = {
    "cryptography", "pglast", "platformdirs", "pydantic", "rich", "tomlkit", "tenantry.embedded", "tenantry.fleet",
    "tenantry.flow.job", "tenantry.flow.template", "tenantry.flow.tenant", "tenantry.observe", "tenantry.recovery",
    "tenantry.schedule", "tenantry.schemas.encode", "tenantry.warehouse.results",
}  # fmt: skip


@pytest.fixture
def counter(acme: Warehouse) -> Iterator[Counter]:
    """A counter before the server, with acme's source behind it, too."""
    with Counter(acme.server.port, acme.admin.conninfo) as counter:
        acme.run("UPDATE _wh.tenant_connections SET port = %s", (counter.port,))
        yield counter


@pytest.fixture
def counted(
    acme: Warehouse, source: Source, counter: Counter, tmp_path: Path, today: date
) -> list[tuple[str, ...]]:
    """Commands, by what each asks of the warehouse and of the source."""
    source.fill(FIRST, 31)
    source.fill(today, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    password = tmp_path / "password"
    password.write_text(source.password)
    password.chmod(0o600)
    feed = ("foodlogstats", "acme")
    month = ("--from", FIRST, "--to", LAST)
    file = tmp_path / "tenantry.toml"
    other = f"host=127.0.0.1 port={counter.port} dbname={source.name} user={source.reader}"
    dsn = make_conninfo(acme.conninfo, port=counter.port)
    names = {acme.name: "warehouse", source.name: "source"}
    found: list[tuple[str, ...]] = []

    def count(name: str, *arguments: object) -> None:
        counter.take()
        # doctor finds that the tenant has no jobs.
        assert run(dsn, *arguments).code == (name == "doctor"), name
        for database, counts in sorted(counter.take().items(), key=lambda pair: names[pair[0]], reverse=True):
            found.append((name, names[database], *map(str, astuple(counts))))

    count("backfill of a month", "backfill", *feed, *month)
    count("refresh of a day", "refresh", *feed, "--date", LAST)
    succeed(dsn, "refresh", *feed)
    count("refresh of today", "refresh", *feed)
    succeed(dsn, "refresh", *feed, "--date", LAST, "--days", 1)
    count("refresh of an unchanged day", "refresh", *feed, "--date", LAST, "--days", 1)
    count("verify of a month", "verify", *feed, *month)
    count("status", "status")
    count("sizes", "sizes")
    count("doctor", "doctor")
    count("export", "export", "--file", file)
    count("plan", "plan", "--file", file, "--no-secrets")
    count(
        "tenant add", "tenant", "add", "globex", "--source", other, "--password-file", password,
        "--from", today
    )  # fmt: skip
    return found


def test_commands_ask_of_servers_what_the_committed_table_says(counted: list[tuple[str, ...]]) -> None:
    """After a change that is meant, write the table anew and read its diff; the failing message says how."""
    head, *expected = [tuple(line.split("\t")) for line in COMMITTED.read_text(encoding="utf-8").splitlines()]
    if os.environ.get("TENANTRY_WRITE_COUNTS"):
        before = {line[:2]: line for line in expected}
        expected = [as_it_was(before.get(line[:2], line), line) for line in counted]
        COMMITTED.write_text("".join("\t".join(line) + "\n" for line in [HEAD, *expected]), encoding="utf-8")
    assert head == HEAD
    assert [line[:2] for line in counted] == [line[:2] for line in expected]
    differences = [
        f"{' '.join(was[:2])}: {name} {before} -> {after}"
        for was, now in zip(expected, counted, strict=True)
        for name, before, after in list(zip(HEAD, was, now, strict=True))[2:]
        if not same(name, int(before), int(after))
    ]
    assert not differences, f"if this is meant, run: {REWRITE}\n" + "\n".join(differences)


def test_a_refresh_loads_no_module_that_it_does_not_need(acme: Warehouse, source: Source) -> None:
    """Loading modules takes most of a short command's time. Raise the number only for good reason."""
    source.fill(LAST, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    told = subprocess.run(
        [
            sys.executable, "-X", "importtime", "-m", "tenantry", "--dsn", acme.conninfo,
            "refresh", "foodlogstats", "acme", "--date", str(LAST),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    lines = [line for line in told.stderr.splitlines() if line.startswith("import time:")]
    loaded = {line.rpartition("|")[2].strip() for line in lines[1:]}
    assert "tenantry.loader.work.worker" in loaded
    assert not NEEDLESS & loaded
    assert len(loaded) <= MOST_MODULES


def as_it_was(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """A line with the earlier numbers of bytes, where they are good enough: a diff shows what has changed."""
    numbers = list(zip(HEAD, before, after, strict=True))[2:]
    return *after[:2], *(was if same(name, int(was), int(now)) else now for name, was, now in numbers)


def same(name: str, before: int, after: int) -> bool:
    return abs(before - after) <= before * (BYTES if name in ("sent", "received") else 0)
