"""Clients read the same in both storages: columns, sums, moments, many rows, and only what their login may see."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg import sql

from tests.bi import data
from tests.bi.asking import BI, CLIENTS, PASSWORD, PLACES, Said, ask, missing, sees_only_its_own
from tests.bi.table import CHECKS, RESULTS, Result
from tests.support.databases import Database, Warehouse

READS = str(CLIENTS / "reads.py")
LIBRARIES = ("psycopg", "SQLAlchemy", "pandas", "polars", "ADBC", "psqlodbc")
COMMANDS = {name: ("python", [str(BI / "python/bin/python"), READS, name]) for name in LIBRARIES} | {
    # So little memory that it cannot keep all rows.
    "pgjdbc": (
        "java",
        ["java", "-Xmx48m", "-cp", "/usr/share/java/postgresql.jar", str(CLIENTS / "Reads.java")],
    ),
    "node pg": ("node", ["node", "--max-old-space-size=32", str(CLIENTS / "reads.js")]),
}
MOST = 30
"""How many MiB a client may need more to read all rows than before; all of them at once need twice as many."""


def ask_client(client: str, database: Database, *arguments: str) -> Said:
    return ask(COMMANDS[client][1], database, {}, *arguments)


def judged(said: Said) -> dict[str, str]:
    """What came of each check: "yes", or what is not as it should be."""
    found = {}
    if said.columns:
        types = all(said.columns.get(name, ("",))[0] for name in ("id", "at", "amount", "label", "maybe"))
        found["columns"] = "yes" if types else f"lists {', '.join(said.columns)}"
        commented = all(data.DESCRIPTIONS[name] == said.columns[name][1] for name in data.DESCRIPTIONS)
        found["comments"] = "yes" if commented else "no"
    found["sum"] = _is(Decimal(said.values["sum"][0]) == data.SUM, said.values["sum"][0])
    found["bound"] = _is(int(said.values["bound"][0]) == 2 * data.ROWS, said.values["bound"][0])
    text = said.values["first"][0]
    first = datetime.fromisoformat(text)
    if first.tzinfo is None:
        found["instant"] = "the session's time zone"
    else:
        found["instant"] = _is(first == datetime.fromisoformat(f"{data.MOMENT}+00:00"), text)
    rows, growth = map(int, said.values["stream"])
    assert rows == 2 * data.DAYS * data.ROWS
    found["stream"] = "yes" if growth <= MOST else f"no: {growth} MiB"
    return found


def _is(right: bool, said: str) -> str:
    return "yes" if right else f"no: {said}"


EXCEPT: Mapping[str, dict[str, str]] = {
    "psqlodbc": {"comments": "no", "instant": "the session's time zone"},
}
"""What clients do not do, whatever the warehouse does."""


@pytest.mark.timeout(1800)
def test_clients_read_what_is_true(filled: Warehouse, storage: str, login: Callable[..., Database]) -> None:
    limited = login(["acme"])
    wrong = []
    for client, (needs, _) in COMMANDS.items():
        if reason := missing(needs):
            RESULTS.keep(Result(client, storage, {}, reason))
            continue
        said = ask_client(
            client, filled.reader, "public", data.NAME, str(data.DAY), str(data.DAY + timedelta(days=1))
        )
        found = judged(said)
        seen = ask_client(client, limited, "public", data.NAME, "limited", *PLACES).limited
        found["limited"] = sees_only_its_own(seen)
        RESULTS.keep(Result(client, storage, found))
        expected = dict.fromkeys(found, "yes") | EXCEPT.get(client, {})
        wrong += [
            f"{client}: {CHECKS[check]}: {got}" for check, got in found.items() if got != expected[check]
        ]
    assert wrong == []


FILTERS = {
    "Superset": "at >= TO_TIMESTAMP('{0} 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')"
    " AND at < TO_TIMESTAMP('{1} 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')",
    "Power BI": "\"at\" >= timestamp '{0} 00:00:00' and \"at\" < timestamp '{1} 00:00:00'",
    "Tableau": '(("readings"."at" >= (TIMESTAMP \'{0} 00:00:00.000\')) AND ("readings"."at" < (TIMESTAMP \'{1} 00:00:00.000\')))',
    "Tableau, a date part": "(DATE_TRUNC('DAY', CAST(\"readings\".\"at\" AS TIMESTAMP)) = (TIMESTAMP '{0} 00:00:00.000'))",
    "Metabase": '"public"."readings"."at" >= timestamp with time zone \'{0} 00:00:00.000Z\''
    ' AND "public"."readings"."at" < timestamp with time zone \'{1} 00:00:00.000Z\'',
    "Metabase, a bucket": 'CAST("public"."readings"."at" AS date) = date \'{0}\'',
    "Grafana": "at BETWEEN '{0}T00:00:00Z' AND '{0}T23:59:59.999Z'",
}
"""How tools ask for a day. Those that name no zone mean the session's, which is UTC here."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("client", ["psqlodbc", "pgjdbc"])
def test_the_filters_that_tools_write_find_the_day(filled: Warehouse, storage: str, client: str) -> None:
    needs, command = COMMANDS[client]
    if reason := missing(needs):
        pytest.skip(reason)
    days = (data.DAY, data.DAY + timedelta(days=1))
    statements = [
        f'SELECT SUM("public"."readings"."amount") AS "sum" FROM "public"."readings" WHERE {text.format(*days)} HAVING (COUNT(1) > 0)'
        for text in FILTERS.values()
    ]
    utc = {"PGTZ": "UTC", "TZ": "UTC"}
    said = ask(command, filled.reader, utc, "public", data.NAME, "statements", *statements).values["said"]
    found = {tool: Decimal(value) for tool, value in zip(FILTERS, said, strict=True)}
    assert found == dict.fromkeys(FILTERS, data.SUM)


HOSTILE = ('it\'s "odd" ümläut %41 50% a+b', "a\\b {c}", "#?/&=@:[x]", "p=1 host=evil.example.com")

CONNECTS = {
    "SQLAlchemy": "import sqlalchemy, sys; print(sqlalchemy.create_engine(sys.argv[1]).connect().exec_driver_sql(sys.argv[2]).one()[0])",
    "psqlodbc": "import pyodbc, sys; print(pyodbc.connect(sys.argv[1] + ';Pwd={reader-password}').execute(sys.argv[2]).fetchone()[0])",
}


def test_connection_strings_lead_each_driver_to_logins_and_databases_of_any_name(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    from tenantry.warehouse import Warehouse as FrontDoor

    if reason := missing("python"):
        pytest.skip(reason)
    java = tmp_path / "Connect.java"
    java.write_text(
        "public class Connect { public static void main(String[] a) throws Exception {"
        ' try (var c = java.sql.DriverManager.getConnection(a[0] + "&password=reader-password");'
        " var r = c.createStatement().executeQuery(a[1])) { r.next(); System.out.println(r.getString(1)); } } }"
    )
    python = str(BI / "python/bin/python")
    with warehouse.admin.connect() as admin:
        for name in HOSTILE:
            for statement in (
                "CREATE ROLE {} LOGIN PASSWORD 'reader-password'",
                "CREATE DATABASE {} TEMPLATE template0",
            ):
                admin.execute(sql.SQL(statement).format(sql.Identifier(name)))
        try:
            for name in HOSTILE:
                strings = FrontDoor(warehouse.server.conninfo(dbname=name)).connect_strings(name)
                asked = {
                    "SQLAlchemy": [
                        python,
                        "-c",
                        CONNECTS["SQLAlchemy"],
                        strings.sqlalchemy,
                    ],
                    "psqlodbc": [python, "-c", CONNECTS["psqlodbc"], str(strings.odbc)],
                    "pgjdbc": [
                        "java",
                        "-Dfile.encoding=UTF-8",
                        "-cp",
                        "/usr/share/java/postgresql.jar",
                        str(java),
                        str(strings.jdbc),
                    ],
                }
                for client, command in asked.items():
                    done = subprocess.run(
                        [*command, "SELECT current_user || ' in ' || current_database()"],
                        env={**os.environ, "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"},
                        capture_output=True, text=True,
                    )  # fmt: skip
                    assert done.stdout.strip() == f"{name} in {name}", (client, done.stderr[-500:])
        finally:
            for name in HOSTILE:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
                admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
