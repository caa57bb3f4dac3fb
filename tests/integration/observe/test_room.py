"""Whether the server has room for reports is foreseen, and what is foreseen is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pyrage
import pytest

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.fleet import live
from tenantry.fleet.change import Change
from tenantry.fleet.forecast import shortages
from tenantry.fleet.model import Feed, Fleet, Tenant
from tenantry.flow.slice import room
from tenantry.observe.checks.finding import Examined, Severity
from tenantry.observe.checks.server import locked
from tests.support import sessions
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings

W, E = Severity.WARNING, Severity.ERROR

REPORT: LiteralString = "SELECT count(*) FROM public.foodlogstats"
DAYS = 180
"""Enough daily views to fill any table of this size."""

SMALL = {
    "max_locks_per_transaction": "14",
    "max_connections": "9",
    "superuser_reserved_connections": "3",
    "max_wal_senders": "0",
    "autovacuum": "off",
    # The rest of the last huge page would be room for more locks.
    "huge_pages": "off",
}


def reports_at_once(warehouse: Warehouse, number: int) -> None:
    """Let so many reports hold their locks at the same time."""
    sessions.close(warehouse.name)
    with ExitStack() as stack:
        for _ in range(number):
            reader = stack.enter_context(warehouse.reader.connect())
            stack.enter_context(reader.transaction())
            reader.execute(REPORT)


def test_reports_that_the_lock_table_cannot_hold_are_foreseen(
    make_server: Callable[..., Server], source: Source, today: date, tmp_path: Path
) -> None:
    server = make_server(**SMALL)
    server.start()
    for role in ("whadmin", "phood_ro"):
        server.save_password(role, "known")
    warehouse = Warehouse(server, "postgres", "whadmin")
    known = {"TENANTRY_WHADMIN_PASSWORD": "known", "TENANTRY_READER_PASSWORD": "known"}
    succeed(warehouse.admin, "init", env=known)
    # Creating hundreds of functions has taken memory that a server of usual size would not miss.
    sessions.close(warehouse.name)
    server.stop()
    server = make_server(**SMALL)
    server.start()
    source.fill(today - timedelta(days=DAYS - 1), DAYS, 1)
    address = f"host=127.0.0.1 port={source.server.port} dbname={source.name} user={source.reader}"
    add = ("--source", address, "--no-schedule", "--from")
    secret = {"TENANTRY_SOURCE_PASSWORD": source.password}

    # One partition: few locks.
    added = succeed(warehouse, "tenant", "add", "acme", *add, today, env=secret)
    assert "warning" not in added.err
    assert findings(warehouse, "locks") == []
    reports_at_once(warehouse, 6)

    # Years whose tables are made, until fewer reports have room than readers may run; with a bound that rules out nothing.
    first = today.year
    while not findings(warehouse, "locks"):
        first -= 1
        assert first > today.year - 60
        warehouse.run(
            "SELECT _wh_internal.partition_prepare(f, make_date(%s, 1, 1), make_date(%s, 12, 31)) FROM _wh.feeds f",
            (first, first),
        )
    (finding,) = findings(warehouse, "locks")
    told = re.search(r"(\d+) readers? at once fits?, and (\d+) may log in", finding.reason)
    assert told is not None, finding
    assert (finding.severity, told[2]) == (W, "6")
    with warehouse.reader.connect() as reader, reader.transaction():
        reader.execute(f"{REPORT} WHERE logged_time >= current_date - 30")
        held = reader.execute(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384"
        ).fetchone()
    assert held is not None
    assert f"a report over all days of one tenant locks {held[0]} relations: " in finding.reason
    assert int(told[1]) < 6
    reports_at_once(warehouse, int(told[1]))
    warehouse.admin.run("ALTER ROLE phood_ro CONNECTION LIMIT 1")
    assert findings(warehouse, "locks") == []
    warehouse.admin.run("ALTER ROLE phood_ro CONNECTION LIMIT -1")

    # So many that one report is not sure of its room; and the setting that is named is enough for all of them.
    while findings(warehouse, "locks")[0].severity is W:
        first -= 1
        warehouse.run(
            "SELECT _wh_internal.partition_prepare(f, make_date(%s, 1, 1), make_date(%s, 12, 31)) FROM _wh.feeds f",
            (first, first),
        )
    (finding,) = findings(warehouse, "locks")
    assert (finding.severity, "there is room up to 0 tenants" in finding.reason) == (E, True)
    setting = re.search(r"max_locks_per_transaction = (\d+)", finding.command or "")
    assert setting is not None
    for words in (("status",), ("sizes",), ("slice", "list", "foodlogstats", "--tenant", "acme")):
        succeed(warehouse, *words)
    owner = pyrage.x25519.Identity.generate().to_public()
    succeed(warehouse.admin, "backup", tmp_path / "backup", "--recipient", owner, "--unsigned")
    sessions.close(warehouse.name)
    server.stop()
    make_server(**SMALL | {"max_locks_per_transaction": setting[1]}).start()
    assert findings(warehouse, "locks") == []
    reports_at_once(warehouse, 6)
    sessions.close(warehouse.name)
    server.stop()
    make_server(**SMALL).start()

    # Daily views: said before the first day is loaded, and true.
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'matview'")
    added = run(warehouse, "tenant", "add", "globex", *add, today - timedelta(days=DAYS - 1), env=secret)
    assert added.err.index("! warning  foodlogstats: a report over all days") < added.err.index("✓ backfill")
    with pytest.raises(psycopg.errors.OutOfMemory):
        reports_at_once(warehouse, 1)
    (finding,) = findings(warehouse, "locks")
    assert (finding.severity, finding.command) == (
        E,
        "tenantry template set-storage foodlogstats partition",
    )
    assert 'may fail with "out of shared memory"' in finding.reason


def test_tables_that_tenants_share_are_counted_once(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    source.fill(today, 1, 2)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'shared'")
    address = f"host=127.0.0.1 port={source.server.port} dbname={source.name} user={source.reader}"
    for name in ("acme", "brook", "cedar"):
        secret = {"TENANTRY_SOURCE_PASSWORD": source.password}
        succeed(warehouse, "tenant", "add", name, "--source", address, "--no-schedule", env=secret)
    with warehouse.reader.connect() as reader, reader.transaction():
        reader.execute(REPORT)
        held = reader.execute(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384"
        ).fetchone()
    with session(warehouse.admin.conninfo) as opened, session(warehouse.admin.conninfo, role=None) as login:
        feeds = Examined(warehouse.admin.conninfo, opened, login).feeds
        (reading,) = room.readings(opened, ["foodlogstats"])
    assert len(feeds) == 3
    assert held is not None
    assert (locked(feeds), reading.relations) == (held[0], held[0])


def test_a_plan_foresees_what_its_new_tenants_need(warehouse: Warehouse) -> None:
    """It asks no source: it takes new tenants to have two years."""
    names = [f"tenant_{number}" for number in range(300)]
    changes = [Change("create", "feed", name, (), "foodlogstats") for name in names]

    def foreseen(storage: str | None) -> list[bool]:
        tenants = {name: Tenant(name, name, {"foodlogstats": Feed(name, storage)}, None) for name in names}
        with session(warehouse.conninfo) as opened:
            found = list(shortages(opened, Fleet(tenants=tenants), live.read(opened).fleet, changes))
        assert {shortage.template for shortage in found} <= {"foodlogstats"}
        return [shortage.fails for shortage in found]

    assert foreseen("matview") == [True]
    assert True not in foreseen(None)


def test_a_setting_that_only_a_provider_can_change_is_said_so(warehouse: Warehouse) -> None:
    with warehouse.admin.connect() as opened, opened.transaction(force_rollback=True):
        opened.execute("CREATE ROLE rds_superuser")
        server = room.room(opened)
        found = server.shortage("orders", 2 * server.locks, tenants=9, daily=False, movable=True)
        least = server.shortage("orders", server.locks + 1, tenants=9, daily=True, movable=True)
    assert found is not None
    assert least is not None
    setting = re.fullmatch(
        r"set max_locks_per_transaction = (\d+) in the parameter group of the RDS instance, then restart the server",
        found.command,
    )
    assert setting is not None
    assert replace(server, each=int(setting[1])).at_once(2 * server.locks) >= server.reports
    assert least.command == "tenantry template set-storage orders partition"


def test_init_says_which_setting_the_planned_tenants_need(warehouse: Warehouse) -> None:
    with warehouse.connect() as opened:
        server = room.room(opened)
        few, many = room.planned(opened, 1), room.planned(opened, 100_000)
    assert few is None
    assert many is not None
    assert many.reason.startswith("a report over all days of all 100,000 tenants locks 1,")
    setting = re.search(r"max_locks_per_transaction = (\d+)", many.command)
    assert setting is not None
    assert (
        f"max_locks_per_transaction = {setting[1]} takes {server.costs(int(setting[1])):,.0f} MiB"
        in many.reason
    )
    assert many.reason.endswith("(tenantry template set-storage foodlogstats shared)")
    told = succeed(warehouse.admin, "init", "--tenants", 100_000, "--json").json
    assert told["shortage"]["command"] == many.command
    assert succeed(warehouse.admin, "init", "--tenants", 1, "--json").json["shortage"] is None
