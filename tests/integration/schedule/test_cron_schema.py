"""The schema cron itself: like pg_cron's where it is Tenantry's own, which says more when it refuses something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Database, Warehouse
from tests.support.jobs import COMMAND, jobs, schedule


@pytest.fixture
def own(warehouse: Warehouse) -> Warehouse:
    """A warehouse with Tenantry's own schema cron."""
    return warehouse


COLUMNS = {
    "job": [
        ("jobid", "bigint", True, "nextval('cron.jobid_seq'::regclass)"),
        ("schedule", "text", True, None),
        ("command", "text", True, None),
        ("nodename", "text", True, "'localhost'::text"),
        ("nodeport", "integer", True, "inet_server_port()"),
        ("database", "text", True, "current_database()"),
        ("username", "text", True, "CURRENT_USER"),
        ("active", "boolean", True, "true"),
        ("jobname", "name", False, None),
    ],
    "job_run_details": [
        ("jobid", "bigint", False, None),
        ("runid", "bigint", True, "nextval('cron.runid_seq'::regclass)"),
        ("job_pid", "integer", False, None),
        ("database", "text", False, None),
        ("username", "text", False, None),
        ("command", "text", False, None),
        ("status", "text", False, None),
        ("return_message", "text", False, None),
        ("start_time", "timestamp with time zone", False, None),
        ("end_time", "timestamp with time zone", False, None),
    ],
}

FUNCTIONS = [
    (
        "alter_job",
        (
            "job_id bigint, schedule text DEFAULT NULL::text, command text DEFAULT NULL::text,"
            " database text DEFAULT NULL::text, username text DEFAULT NULL::text, active boolean DEFAULT NULL::boolean"
        ),
        "void",
    ),
    ("schedule", "job_name text, schedule text, command text", "bigint"),
    ("schedule", "job_name text, schedule text, command text, database text, username text", "bigint"),
    ("schedule", "schedule text, command text", "bigint"),
    (
        "schedule_in_database",
        (
            "job_name text, schedule text, command text, database text, username text DEFAULT NULL::text,"
            " active boolean DEFAULT true"
        ),
        "bigint",
    ),
    ("unschedule", "job_id bigint", "boolean"),
    ("unschedule", "job_name name", "boolean"),
]


def test_tables_and_functions_have_the_same_shape_either_way(cron: Warehouse) -> None:
    for table, columns in COLUMNS.items():
        assert (
            cron.rows(
                "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
                " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
                " WHERE attrelid = ('cron.' || %s)::regclass AND attnum > 0 ORDER BY attnum LIMIT %s",
                (table, len(columns)),
            )
            == columns
        )
    assert (
        cron.rows(
            "SELECT proname::text, pg_get_function_arguments(oid), prorettype::regtype::text FROM pg_proc"
            " WHERE pronamespace = 'cron'::regnamespace AND proname IN"
            " ('schedule', 'schedule_in_database', 'unschedule', 'alter_job') ORDER BY 1, 2"
        )
        == FUNCTIONS
    )


@pytest.mark.parametrize(
    "when, reason",
    [
        ("* * * *", "it has 4 field(s), not five"),
        ("* * * * * *", "it has 6 field(s), not five"),
        ("61 * * * *", 'minute: "61" is not within 0 to 59'),
        ("*5 * * * *", 'minute: "*5" is not *, a number, a range or a list'),
        ("0 8 * * fri-mon", 'day of week: "fri-mon" runs from high to low; write it as two'),
        ("0 5/2 * * *", 'hour: "5/2" has a step without a range'),
        ("0 0 1 jänner *", 'month: "jänner" is not *'),
        ("0 seconds", "an interval is 1 to 59 seconds"),
        ("@often", "the shortcuts are @yearly, "),
        (" ", "it has 0 field(s), not five"),
    ],
)
def test_the_own_schema_says_what_is_wrong_with_a_schedule(own: Warehouse, when: str, reason: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as caught:
        schedule(own, "acme", when)
    assert str(caught.value.diag.message_primary).startswith(f'invalid schedule: "{when}": {reason}')
    schedule(own, "acme")
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        own.run("UPDATE cron.job SET schedule = %s", (when,))


@pytest.mark.parametrize("when", ["30 seconds", "1 second", " 59  Seconds "])
def test_the_own_schema_takes_intervals_in_seconds(own: Warehouse, when: str) -> None:
    schedule(own, "acme", when)


def test_in_the_own_schema_an_administrators_job_is_whadmins(own: Warehouse) -> None:
    """Its runner is no superuser; and each of the two finds by name what the other has scheduled."""
    first = schedule(own.admin, "acme")
    assert schedule(own, "acme", "13 * * * *") == first
    assert jobs(own) == [("acme", "13 * * * *", COMMAND, True, "whadmin")]
    assert own.admin.value("SELECT cron.unschedule('acme')") is True
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="cannot schedule jobs as superuser"):
        own.admin.run("SELECT cron.schedule('x', '12 * * * *', 'SELECT 1', current_database(), 'postgres')")


def test_in_the_own_schema_other_roles_see_only_their_jobs(own: Warehouse) -> None:
    statements: list[LiteralString] = [
        "GRANT USAGE ON SCHEMA cron TO phood_ro",
        "GRANT SELECT ON cron.job TO phood_ro",
        "INSERT INTO cron.job (jobname, schedule, command) VALUES ('theirs', '@daily', 'SELECT 1')",
    ]
    for statement in statements:
        own.run(statement)
    assert own.reader.rows("SELECT jobname FROM cron.job") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not schedule jobs of role"):
        own.run("UPDATE cron.job SET username = 'phood_ro'")
    with pytest.raises(
        psycopg.errors.InsufficientPrivilege, match="whadmin, which runs the jobs, may not act as"
    ):
        own.admin.run("UPDATE cron.job SET username = 'phood_ro'")


@pytest.mark.system
def test_plpgsql_check_finds_nothing_in_the_own_schemas_functions(
    own: Warehouse, server_bindir: Path | None
) -> None:
    if not server_bindir:
        pytest.skip("this server has no plpgsql_check")
    own.admin.run("CREATE EXTENSION plpgsql_check")
    assert (
        own.admin.rows(
            "SELECT p.oid::regprocedure::text, message FROM pg_proc p, plpgsql_check_function(p.oid,"
            " CASE prorettype WHEN 'trigger'::regtype THEN 'cron.job'::regclass ELSE 0 END) message"
            " WHERE pronamespace = 'cron'::regnamespace"
            " AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')"
        )
        == []
    )


@pytest.mark.system
def test_pg_cron_takes_the_place_of_the_own_schema_only_when_that_is_dropped(
    make_server: Callable[..., Server], server_bindir: Path | None
) -> None:
    if not server_bindir:
        pytest.skip("this server has no pg_cron")
    without = make_server(shared_preload_libraries="")
    without.start()
    admin = Database(without, "postgres", "postgres")
    without.save_password("whadmin", "whadmin-password")
    with admin.connect() as session:
        install(session, {"whadmin": "whadmin-password"})
        session.execute("SELECT cron.schedule('acme', '12 * * * *', 'SELECT 1')")
    without.stop()
    make_server().start()
    notices: list[str] = []
    with admin.connect() as session:
        session.add_notice_handler(lambda notice: notices.append(str(notice.message_hint)))
        install(session, {})
        assert (
            "To switch to pg_cron: DROP SCHEMA cron CASCADE; run this again; schedule the jobs again."
            in notices
        )
        assert session.execute("SELECT jobname FROM cron.job").fetchall() == [("acme",)]
        session.execute("DROP SCHEMA cron CASCADE")
        install(session, {})
        assert session.execute("SELECT FROM pg_extension WHERE extname = 'pg_cron'").rowcount == 1
        assert session.execute("SELECT count(*) FROM cron.job").fetchone() == (0,)
