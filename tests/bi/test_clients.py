"""Clients list the same relations, columns, types and comments in both storages, before and after a move."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from difflib import unified_diff
from pathlib import Path

import pytest
from psycopg import sql

from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.samples.small_template import define, make_ticks

CLIENTS = Path(__file__).parent / "clients"
PYTHON = str(Path(os.environ["TENANTRY_TEST_BI"]).absolute() / "python/bin/python")
JAVA = ["java", "-cp", "/usr/share/java/postgresql.jar"]

COMMANDS = {
    "SQLAlchemy": [PYTHON, str(CLIENTS / "sqlalchemy_inspector.py")],
    "JDBC": [*JAVA, str(CLIENTS / "Jdbc.java")],
    "ODBC": [PYTHON, str(CLIENTS / "odbc_catalog.py")],
    "pgcli": [PYTHON, str(CLIENTS / "pgcli_commands.py")],
}

TENANTS = ("acme", "globex")
TEMPLATES = ("foodlogstats", "ticks")
FIRST, LAST = date(2024, 12, 30), date(2025, 1, 2)

Listing = dict[str, list[str]]
"""What is said of each relation, a line for each thing, in the client's order."""

DAY = re.compile(r"_\d{4}_\d\d_\d\d(_|$)")
"""The one exception: in matview storage each day's materialized view, which the operators' manual names, and its indexes lie with the
tenant. Their names have the day."""


def listed(warehouse: Warehouse, client: str) -> Listing:
    """What a client lists for the reader of reports: in `public` and with the tenants."""
    with warehouse.reader.connect() as session:
        said = session.info
        address = {
            "PGHOST": said.host,
            "PGPORT": str(said.port),
            "PGUSER": said.user,
            "PGPASSWORD": said.password,
            "PGDATABASE": said.dbname,
        }
    done = subprocess.run(
        [*COMMANDS[client], "public", *TENANTS],
        env={**os.environ, **address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        schema, relation, *rest = line.split("\t")
        if schema == "public" or not DAY.search(relation):
            found.setdefault(f"{schema}.{relation}", []).append(" | ".join(rest))
    return found


def difference(before: Listing, after: Listing) -> Iterator[str]:
    """A line for each relation that one lists alone, and the lines in which a relation of both differs."""
    for relation in sorted(before.keys() ^ after.keys()):
        yield f"  {'+' if relation in after else '-'} {relation}"
    for relation in sorted(before.keys() & after.keys()):
        lines = unified_diff(before[relation], after[relation], lineterm="", n=0)
        changed = [f"      {line}" for line in list(lines)[2:] if not line.startswith("@@")]
        yield from [f"    {relation}", *changed] if changed else []


def load(warehouse: Warehouse, source: Source) -> None:
    """Two templates of two tenants as materialized views: one with a folded year and days after it, one with days alone."""
    source.fill(date(2024, 1, 1), (LAST - date(2024, 1, 1)).days + 1)
    make_ticks(source, FIRST, (LAST - FIRST).days + 1)
    define(warehouse)
    warehouse.run(
        "UPDATE _wh.mv_templates SET description = 'Ticks', column_descriptions = '{\"at\": \"when it ticked\"}'"
        " WHERE template_name = 'ticks'"
    )
    # A year is loaded fastest into partitions.
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'foodlogstats'")
    for tenant in TENANTS:
        warehouse.connect_to(source, tenant)
        warehouse.make_schema(tenant)
        by_loader(warehouse, FIRST, LAST, template="ticks", name=tenant)
        by_loader(warehouse, date(2024, 1, 1), LAST, name=tenant)
        warehouse.run(
            "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', %s, 2024)", (tenant,)
        )
    move(warehouse, "matview")
    drop_old(warehouse)
    # The JDBC driver refuses the tests' quick secrets; the server makes a usual one.
    with warehouse.reader.connect() as session, warehouse.admin.connect() as administrator:
        administrator.execute(
            sql.SQL("ALTER ROLE phood_ro PASSWORD {}").format(sql.Literal(session.info.password))
        )


def move(warehouse: Warehouse, storage: str) -> None:
    for template in TEMPLATES:
        for tenant in TENANTS:
            warehouse.run("CALL _wh.set_storage(%s, %s, %s)", (template, storage, tenant))


def drop_old(warehouse: Warehouse) -> None:
    for template in TEMPLATES:
        for tenant in TENANTS:
            warehouse.run("CALL _wh.drop_old_storage(%s, %s)", (template, tenant))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", COMMANDS)
def test_a_client_lists_the_same_in_both_storages_and_after_moves(
    warehouse: Warehouse, source: Source, client: str
) -> None:
    load(warehouse, source)
    seen = {"materialized views": listed(warehouse, client)}
    for storage, state in (("partition", "moved to partitions"), ("matview", "moved back")):
        move(warehouse, storage)
        seen[f"{state}, the old ones not dropped"] = listed(warehouse, client)
        drop_old(warehouse)
        seen[state] = listed(warehouse, client)
    (first, expected), *others = seen.items()
    assert {
        f"{schema}.{template}" for schema in ("public", *TENANTS) for template in TEMPLATES
    } <= expected.keys()
    told = []
    for state, found in others:
        if lines := list(difference(expected, found)):
            told += [f"{client}, {first} (-) and {state} (+):", *lines]
    if told:
        pytest.fail("\n".join(told), pytrace=False)
