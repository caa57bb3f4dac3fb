"""What the program's own sessions rely on, and what stands between them and the warehouse."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tenantry.core.errors import DatabaseError, InputError
from tenantry.db import audit
from tenantry.db.build import entrances
from tenantry.db.connect import open_session, session
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings
from tests.support.waiting import wait_until

SETTLED = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
    "search_path": "public, pg_temp",
    "default_transaction_isolation": "read committed",
    "row_security": "on",
    "exit_on_error": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_encoding": "UTF8",
    "array_nulls": "on",
}


def shown(opened: psycopg.Connection, names: Sequence[str]) -> dict[str, str]:
    rows = [opened.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    return dict(zip(names, (row[0] for row in rows if row), strict=True))


def test_neither_the_database_nor_the_environment_bends_a_session_of_the_program(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {
        "TimeZone": "Asia/Kolkata", "DateStyle": "SQL, DMY", "IntervalStyle": "sql_standard", "standard_conforming_strings": "off",
        "default_transaction_isolation": "serializable", "row_security": "off", "exit_on_error": "on", "statement_timeout": "1min",
        "lock_timeout": "1ms", "idle_in_transaction_session_timeout": "1ms", "array_nulls": "off",
    }  # fmt: skip
    with warehouse.admin.connect() as admin:
        for name, value in odd.items():
            admin.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(warehouse.name), sql.SQL(name), sql.Literal(value)
                )
            )
    with open_session(warehouse.conninfo) as opened:
        assert shown(opened, list(SETTLED)) == SETTLED
    bent = " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in odd.items())
    for name, value in {"PGOPTIONS": bent + " -c work_mem=77kB", "PGTZ": "Asia/Kolkata", "PGDATESTYLE": "German", "PGCLIENTENCODING": "LATIN1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with open_session(warehouse.conninfo) as opened:
        assert shown(opened, list(SETTLED)) == SETTLED
        assert shown(opened, ["work_mem"]) != {"work_mem": "77kB"}
    # Those that a connection string names are meant for this very warehouse.
    with open_session(warehouse.conninfo + " options='-c work_mem=99kB'") as opened:
        assert shown(opened, [*SETTLED, "work_mem"]) == SETTLED | {"work_mem": "99kB"}


def test_a_login_that_may_not_act_as_whadmin_hears_which_grant_it_needs(warehouse: Warehouse) -> None:
    with pytest.raises(DatabaseError, match='role "phood_ro" may not act as whadmin') as refused:
        open_session(warehouse.reader.conninfo)
    assert 'GRANT whadmin TO "phood_ro"' in (refused.value.hint or "")


def test_doctor_finds_functions_that_lost_their_settings_and_init_gives_them_back(
    warehouse: Warehouse,
) -> None:
    assert {"_wh.update_mv_by_template", "_wh_internal.keep_template_columns"} < set(entrances())
    assert findings(warehouse, "functions") == []
    warehouse.run("ALTER FUNCTION _wh.refresh_mv RESET standard_conforming_strings")
    (found,) = findings(warehouse, "functions")
    assert "_wh.refresh_mv" in found.reason
    assert "settings" in found.reason
    succeed(warehouse.admin, "init")
    assert findings(warehouse, "functions") == []


@pytest.fixture
def pooled(warehouse: Warehouse, server_parent: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A connection string through PgBouncer, in the mode that the test names."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("there is no PgBouncer")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (server_parent / "users").write_text('"whadmin" "whadmin-password"\n')
    (server_parent / "ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={warehouse.server.port} user=whadmin password=whadmin-password\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n"
        f"auth_file = {server_parent}/users\npool_mode = {request.param}\nignore_startup_parameters = options\n"
    )
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen(
        [program, "-q", *account, str(server_parent / "ini")], stderr=subprocess.DEVNULL
    ) as pooler:
        try:
            conninfo = (
                f"host=127.0.0.1 port={port} dbname={warehouse.name} user=whadmin password=whadmin-password"
            )
            wait_until(lambda: _answers(port))
            yield conninfo
        finally:
            pooler.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.system
@pytest.mark.parametrize("pooled", ["transaction", "statement"], indirect=True)
def test_a_pooler_that_changes_servers_between_transactions_is_refused_in_one_line(pooled: str) -> None:
    with pytest.raises(InputError, match="a pooler that changes servers between transactions"):
        open_session(pooled)
    refused = run(pooled, "status")
    assert refused.code == 2
    assert len(refused.errors) == 1
    assert "pool_mode = session" in refused.err


@pytest.mark.system
@pytest.mark.parametrize("pooled", ["session"], indirect=True)
def test_a_pooler_that_keeps_a_server_for_a_session_is_as_good_as_the_server(pooled: str) -> None:
    with session(pooled) as opened:
        assert shown(opened, list(SETTLED)) == SETTLED
    succeed(pooled, "status")


def test_a_job_finds_what_the_path_of_its_role_leads_to_and_the_scheduler_keeps_its_own(
    warehouse: Warehouse,
) -> None:
    warehouse.run("CREATE SCHEMA odd")
    warehouse.run(
        "CREATE FUNCTION odd.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '2001-01-01'$$"
    )
    warehouse.run("CREATE TABLE odd.told (x int)")
    with warehouse.admin.connect() as admin:
        admin.execute(
            sql.SQL("ALTER ROLE whadmin IN DATABASE {} SET search_path = odd, pg_catalog").format(
                sql.Identifier(warehouse.name)
            )
        )
    warehouse.run("SELECT cron.schedule('bare', '12 * * * *', 'INSERT INTO told VALUES (1)')")
    warehouse.run("SELECT cron.schedule('failing', '12 * * * *', 'BEGIN; SELECT nobody()')")
    assert run(warehouse, "schedule", "run", "bare").code == 0
    assert run(warehouse, "schedule", "run", "failing").code == 1
    assert warehouse.value("SELECT count(*) FROM odd.told") == 1
    assert (
        warehouse.value(
            "SELECT count(*) FROM cron.job_run_details WHERE start_time > '2002-01-01' AND end_time > '2002-01-01'"
        )
        == 2
    )


def sessions_so_far(warehouse: Warehouse) -> int:
    """How many sessions have begun on the warehouse; those of the test itself are among them, as they are asked for elsewhere."""
    warehouse.settle()
    with psycopg.connect(warehouse.server.conninfo(), autocommit=True) as admin:
        row = admin.execute(
            "SELECT sessions FROM pg_stat_database WHERE datname = %s", (warehouse.name,)
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_refresh_of_a_day_logs_in_once_with_its_entries_in_the_audit_trail(
    acme: Warehouse, source: Source
) -> None:
    source.fill(date(2024, 3, 10), 1)
    refresh = ("refresh", "foodlogstats", "--tenant", "acme", "--date", "2024-03-10")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    former = sessions_so_far(acme)
    succeed(acme, *refresh)
    assert sessions_so_far(acme) == former + 1
    with acme.connect() as opened:
        found = [e.result for e in audit.entries(opened) if e.what == "tenantry refresh"]
    assert found == ["begun", "done"]
