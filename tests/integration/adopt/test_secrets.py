"""Where the sources' password is before, while and after a warehouse by hand is adopted; and that doctor says so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from tenantry.embedded import Server
from tests.support.program import Outcome, run
from tests.support.samples.by_hand import ByHand, make_by_hand

pytestmark = pytest.mark.any_server

CORE = "zebra77crossing"
PASSWORD = f"""it's "{CORE}" \\ $$ %s"""
"""Odd characters around what is looked for."""

EVERYWHERE = {
    "matviews": "SELECT definition FROM pg_matviews",
    "views": "SELECT definition FROM pg_views",
    "rules": "SELECT definition FROM pg_rules",
    "functions": "SELECT prosrc FROM pg_proc",
    "comments": "SELECT description FROM pg_description",
}


def adopt(warehouse: ByHand, *arguments: str) -> Outcome:
    """Run `tenantry adopt` as the administrator."""
    environment = {"TENANTRY_ADMIN_DSN": warehouse.conninfo, "TENANTRY_WHADMIN_PASSWORD": "whadmin-by-hand"}
    return run(None, "adopt", *arguments, env=environment)


def doctor(warehouse: ByHand) -> list[dict[str, str]]:
    """What doctor finds about secrets."""
    found = run(None, "doctor", "--only", "secrets", "--json", env={"TENANTRY_DSN": warehouse.owner_conninfo})
    findings: list[dict[str, str]] = found.json["findings"]
    return findings


def dump(warehouse: ByHand, *options: str) -> str:
    """What pg_dump writes; it exits with an error for what no longer exists."""
    program = warehouse.server.program("pg_dump")
    done = subprocess.run(
        [str(program), *options, warehouse.conninfo], capture_output=True, text=True, check=True
    )
    return done.stdout


def places(warehouse: ByHand) -> set[str]:
    """Where the password can be read."""
    found = {
        name
        for name, statement in EVERYWHERE.items()
        if any(CORE in (text or "") for (text,) in warehouse.rows(statement))
    }
    if any(
        CORE in line for line in dump(warehouse, "--schema-only").splitlines() if "    password " not in line
    ):
        found.add("the schema's dump")
    if CORE in dump(warehouse, "--data-only", "--schema=_wh*", "--schema=cron"):
        found.add("tables")
    return found


def test_the_password_leaves_every_place_and_no_step_shows_it(make_server: Callable[..., Server]) -> None:
    server = make_server(log_statement="all", log_min_duration_statement="0", log_error_verbosity="verbose")
    server.start()
    warehouse = make_by_hand(server, open_days=6, password=PASSWORD)
    log = Path(server.directory / "server.log")
    assert "tables" in places(warehouse)
    for message in (PASSWORD, f"could not connect: password={PASSWORD}"):
        with warehouse.connect() as session:
            session.execute(
                "INSERT INTO _wh.function_logs (log_level, message, context) VALUES ('ERROR', %s, jsonb_build_object('it', %s::text))",
                (message, message),
            )
    logged = log.stat().st_size
    warehouse.drop_sources()

    dry = adopt(warehouse, "--dry-run")
    begun = adopt(warehouse, "--yes")
    assert (dry.code, begun.code) == (0, 0), dry.err + begun.err
    # What the old functions wrote is kept for undo, and doctor says how to end that.
    (unfinished,) = doctor(warehouse)
    assert unfinished["command"] == "tenantry adopt --finish"
    assert "16 daily views show a source's password" in unfinished["reason"]
    status = run(None, "status", env={"TENANTRY_DSN": warehouse.owner_conninfo})
    assert status.code == 0, status.out
    # The password is the source's own again, as libpq reads what the table held.
    stored = "SELECT _wh_internal.source_conninfo('acme_conn') ->> 'password'"
    assert warehouse.rows(stored) == [(PASSWORD,)]

    ended = adopt(warehouse, "--finish", "--yes")
    assert ended.code == 0, ended.err
    assert doctor(warehouse) == []
    assert places(warehouse) == set()
    for outcome in (dry, begun, ended):
        assert CORE not in outcome.out + outcome.err
    with log.open(encoding="utf-8", errors="replace") as written:
        written.seek(logged)
        lines = list(written)
    assert any("ALTER SCHEMA _wh RENAME" in line for line in lines)
    assert [line for line in lines if CORE in line] == []

    # What people wrote themselves stays, and is named.
    quoted = sql.Literal(PASSWORD).as_string()
    warehouse.run(f"COMMENT ON TABLE workspace.targets IS {quoted}")
    warehouse.run(
        f"CREATE FUNCTION workspace.login() RETURNS text LANGUAGE sql AS $body$ SELECT {quoted} $body$"
    )
    warehouse.run(
        f"CREATE VIEW workspace.live AS SELECT * FROM dblink('dbname=x password=' || {quoted}, 'SELECT 1') AS t(id integer)"
    )
    assert [(finding["subject"], finding["reason"]) for finding in doctor(warehouse)] == [
        ("table workspace.targets", "the comment shows the password of acme_conn to every role"),
        ("workspace.login()", "the function shows the password of acme_conn to every role"),
        ("workspace.live", "the view shows the password of acme_conn to every role"),
    ]
