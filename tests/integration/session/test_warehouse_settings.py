"""What the warehouse holds does not depend on settings of its database, roles and sessions: it is right, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.db.connect import open_session
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run, succeed
from tests.support.psql import psql
from tests.support.samples.small_template import INDEXES, define

QUERY = """
SELECT id, at, at AT TIME ZONE 'UTC', span, raw, 1.0 / id, tags, value FROM ticks
WHERE at >= '{START_TIME}' AND at < '{END_TIME}'
"""
COLUMNS = (
    "id int, at timestamptz, local timestamp, span interval, raw bytea, share float8, tags text[], value text"
)

RIGHT: Mapping[str, str] = {
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kolkata",
    "search_path": "odd, pg_catalog",
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "bytea_output": "escape",
    "lc_messages": "de_DE.UTF-8",
    "lc_monetary": "de_DE.UTF-8",
    "lc_numeric": "de_DE.UTF-8",
    "lc_time": "de_DE.UTF-8",
    "extra_float_digits": "-15",
    "xmlbinary": "hex",
    "xmloption": "document",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "backslash_quote": "off",
    "escape_string_warning": "off",
    "exit_on_error": "on",
    "default_transaction_deferrable": "on",
    "client_min_messages": "error",
    "row_security": "off",
    "plpgsql.variable_conflict": "use_variable",
    "plpgsql.extra_errors": "all",
    "check_function_bodies": "off",
    "constraint_exclusion": "off",
    "enable_partition_pruning": "off",
    "password_encryption": "md5",
    "createrole_self_grant": "set",
    "restrict_nonsystem_relation_kind": "view",
    "timezone_abbreviations": "India",
    "synchronous_commit": "off",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "1s",
    "idle_session_timeout": "1min",
    "transaction_timeout": "1min",
}
"""Settings with which everything is as it is without them."""

REFUSED: Mapping[str, str] = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "session_replication_role": "replica",
}
"""Settings that a function cannot change for itself."""

TENANTS = ("views", "partitions")
BENT = {
    "PGOPTIONS": "-c search_path=odd -c default_transaction_isolation=serializable",
    "PGTZ": "Asia/Kolkata",
    "PGDATESTYLE": "SQL, DMY",
    "PGCLIENTENCODING": "LATIN1",
}
"""What an operator's environment may say of other databases."""

WANTED: LiteralString = "SELECT id, at, at AT TIME ZONE 'UTC', span, encode(raw, 'hex'), (1.0 / id)::float8, to_jsonb(tags), value FROM ticks ORDER BY id"
FOUND: LiteralString = (
    "SELECT id, at, local, span, encode(raw, 'hex'), share, to_jsonb(tags), value FROM public.{} ORDER BY id"
)

CALLS: tuple[LiteralString, ...] = (
    "SELECT _wh.update_mv_by_template('views', 'views', 'views')",
    "SELECT _wh.update_mv_by_template('partitions', 'partitions', 'partitions')",
    "SELECT _wh.update_mv_window_by_template('views', 'views', 'views', '2026-01-01', '2026-01-02')",
    "SELECT _wh.update_public_view_by_template('views')",
    "SELECT _wh.update_tenant_union_view_by_template('views', 'views', 'views')",
    "SELECT _wh.create_combined_table_from_template_by_year('views', 'views', 2023)",
    "SELECT _wh.recreate_mv_by_template('views', 'views', 'views', '2026-01-01')",
    "CALL _wh.refresh_window('views', 'views', 'views', 1)",
    "CALL _wh.set_storage('views', 'partition', 'views')",
)
"""Whatever loads, publishes, folds or moves."""


@pytest.fixture
def today() -> date:
    """Today, as the test begins."""
    return datetime.now(UTC).date()


@pytest.fixture
def fleet(warehouse: Warehouse, source: Source, today: date) -> Warehouse:
    """Two tenants of one source, one in either storage, with rows of three days each; nothing is loaded."""
    source.run(
        "CREATE TABLE ticks (id int, at timestamptz, span interval, raw bytea, tags text[], value text)"
    )
    source.run("GRANT SELECT ON ticks TO source_reader")
    source.run(
        "INSERT INTO ticks SELECT n, (%s::date - n %% 2)::timestamp AT TIME ZONE 'UTC' + interval '1 minute' * n,"
        r" interval '1 mon -2 days +03:04:05.6' * n, '\x00ff5c'::bytea, ARRAY['NULL', NULL, E'a\\b'], E'\\d ' || n"
        " FROM generate_series(1, 12) n",
        (today,),
    )
    for name in TENANTS:
        warehouse.connect_to(source, name)
        warehouse.make_schema(name)
        # A word with a backslash, which two settings read in two ways.
        define(
            warehouse, name, query=QUERY, columns=COLUMNS,
            indexes=INDEXES + r"; CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (value) WHERE value ~ '^\\d'",
        )  # fmt: skip
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'partitions'")
    warehouse.admin.run("CREATE SCHEMA odd")
    warehouse.admin.run(
        "CREATE FUNCTION odd.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '2001-01-01'$$"
    )
    warehouse.admin.run(
        "CREATE FUNCTION odd.to_char(timestamp, text) RETURNS text LANGUAGE sql AS $$SELECT 'odd'$$"
    )
    warehouse.admin.run(
        "CREATE FUNCTION odd.count(bigint) RETURNS bigint LANGUAGE sql AS $$SELECT 0::bigint$$"
    )
    warehouse.admin.run("GRANT USAGE ON SCHEMA odd TO whadmin")
    return warehouse


@contextmanager
def settled(warehouse: Warehouse, settings: Mapping[str, str], whose: str) -> Iterator[None]:
    """Settings of the database, or of whadmin in it."""
    about = sql.SQL("ALTER ROLE whadmin IN DATABASE {}" if whose == "role" else "ALTER DATABASE {}").format(
        sql.Identifier(warehouse.name)
    )
    with warehouse.admin.connect() as session:
        session.execute("DO $$ BEGIN END $$")
        for name, value in settings.items():
            session.execute(sql.SQL("{} SET {} = {}").format(about, sql.SQL(name), literals(name, value)))
    yield
    with open_session(warehouse.admin.conninfo, role=None) as session:
        session.execute("SET default_transaction_read_only = off")
        session.execute(sql.SQL("{} RESET ALL").format(about))


def literals(name: str, value: str) -> sql.Composable:
    """A value as SET takes it: each word of a path is a name."""
    words = map(sql.Identifier, value.split(", "))
    return sql.SQL(", ").join(words) if name == "search_path" else sql.Literal(value)


def offered(warehouse: Warehouse, settings: Mapping[str, str]) -> dict[str, str]:
    """Those that the server has: not every version has all, nor every system all languages."""
    found = {}
    for name, value in settings.items():
        with warehouse.admin.connect() as session:
            session.execute("DO $$ BEGIN END $$")
            with suppress(psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue):
                session.execute("SELECT set_config(%s, %s, false)", (name, value))
                found[name] = value
    assert len(found) >= len(settings) - 8
    return found


def work(session: psycopg.Connection, today: date) -> None:
    """What jobs and operators do in SQL: an hourly load, a window, and publishing."""
    for name in TENANTS:
        session.execute("SELECT _wh.update_mv_by_template(%s, %s, %s, %s)", (name, name, name, today))
        session.execute(
            "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)",
            (name, name, name, today - timedelta(days=1), today - timedelta(days=1)),
        )
        session.execute("SELECT _wh.update_public_view_by_template(%s)", (name,))


def change(source: Source, to: str) -> None:
    """Let every row of the source say something else."""
    source.run("UPDATE ticks SET value = E'\\d ' || id || %s", (to,))


def right(warehouse: Warehouse, source: Source, why: str) -> None:
    """Every row of the source is in both public views as it is there."""
    with psycopg.connect(source.conninfo, options="-c TimeZone=UTC") as there:
        wanted = there.execute(WANTED).fetchall()
    with open_session(warehouse.conninfo) as session:
        for name in TENANTS:
            found = session.execute(sql.SQL(FOUND).format(sql.Identifier(name))).fetchall()
            assert found == wanted, (why, name)


def test_no_setting_of_a_session_changes_what_sql_loads(
    fleet: Warehouse, source: Source, today: date
) -> None:
    with fleet.connect() as session:
        work(session, today)
    # A superuser's alone.
    settings = [one for one in offered(fleet, RIGHT).items() if one[0] != "plpgsql.variable_conflict"]
    # Some at a time, which is faster; others than in the test of roles.
    for some in (dict(settings[n::8]) for n in range(8)):
        change(source, next(iter(some)))
        with fleet.connect() as session:
            session.execute("DO $$ BEGIN END $$")
            for name, value in some.items():
                session.execute(sql.SQL("SET {} = {}").format(sql.SQL(name), literals(name, value)))
            work(session, today)
        right(fleet, source, str(some))


def test_no_setting_of_a_role_changes_what_sql_loads(fleet: Warehouse, source: Source, today: date) -> None:
    settings = list(offered(fleet, RIGHT).items())
    # Some at a time, which is faster.
    for some in (dict(settings[n::6]) for n in range(6)):
        change(source, next(iter(some)))
        with settled(fleet, some, "role"), fleet.connect() as session:
            work(session, today)
        right(fleet, source, str(some))


@pytest.mark.any_server
def test_all_settings_of_a_database_at_once_change_nothing_of_a_night_job_a_fold_and_the_program(
    fleet: Warehouse, source: Source, today: date
) -> None:
    last = date(today.year - 1, 12, 31)
    since = f"{last.year}-12-29"
    source.run(
        "UPDATE ticks SET at = at - (%s::date - %s::date) * interval '24 hours' WHERE id > 6", (today, last)
    )
    for name in TENANTS:
        by_loader(fleet, date(last.year, 1, 1), last, template=name, name=name)
    # The program's own sessions have no limits; SQL is called with those of its caller.
    odd = offered(fleet, {**RIGHT, "lock_timeout": "1ms", "idle_in_transaction_session_timeout": "1ms"})
    with settled(fleet, odd, "database"):
        for name in TENANTS:
            change(source, "by the program")
            succeed(fleet, "backfill", name, "--tenant", name, "--from", since, "--reload", env=BENT)
        right(fleet, source, "backfill")
        change(source, "by a refresh")
        for name in TENANTS:
            succeed(fleet, "refresh", name, "--all", "--days", "3", env=BENT)
            for command in (
                f"CALL _wh.refresh_window('{name}', '{name}', '{name}', 3)",
                f"SELECT _wh.update_mv_by_template('{name}', '{name}', '{name}')",
                f"SELECT _wh.update_mv_window_by_template('{name}', '{name}', '{name}', '{since}', '{last}')",
                f"SELECT _wh.create_combined_table_from_template_by_year('{name}', '{name}', {last.year})",
            ):
                done = psql(fleet, "-v", "ON_ERROR_STOP=on", "-c", command)
                assert done.returncode == 0, (command, done.stderr)
        right(fleet, source, "fold")
        assert succeed(fleet.admin, "upgrade", "--dry-run", "--json").json["changes"]["changed"] == []


@pytest.mark.parametrize("whose", ["database", "role", "session"])
def test_a_setting_that_a_function_cannot_change_is_refused_by_its_name(
    fleet: Warehouse, source: Source, today: date, whose: str
) -> None:
    with fleet.connect() as session:
        work(session, today)
    right(fleet, source, "before")
    for name, value in REFUSED.items():
        caller = fleet.admin if whose == "session" else fleet
        with settled(fleet, {} if whose == "session" else {name: value}, whose), caller.connect() as session:
            if whose == "session":
                session.execute(sql.SQL("SET {} = {}").format(sql.SQL(name), sql.Literal(value)))
            for call in CALLS:
                with pytest.raises(psycopg.Error) as refused:
                    session.execute(call)
                said = refused.value.diag
                assert (said.message_primary or "").startswith(f"{name} is "), call
                assert whose == "session" or f"RESET {name}" in (said.message_hint or "")
    right(fleet, source, "afterwards")


def test_the_program_loads_whatever_isolation_a_database_begins_with_and_says_that_it_may_only_read(
    fleet: Warehouse, source: Source, today: date
) -> None:
    with settled(fleet, {"default_transaction_isolation": "serializable"}, "database"):
        for name in TENANTS:
            by_loader(fleet, today - timedelta(days=2), today, template=name, name=name)
    with fleet.connect() as session:
        work(session, today)
    right(fleet, source, "serializable")
    with settled(fleet, {"default_transaction_read_only": "on"}, "database"):
        refused = run(fleet, "refresh", "views", "--all")
        assert refused.code == 1
        assert "default_transaction_read_only is on" in refused.err
        succeed(fleet, "status")
