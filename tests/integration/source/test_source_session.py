"""How a load's session on a source stands: read only, of one moment, alive, refused by row security, and read back."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 8)

EACH_WAY = pytest.mark.parametrize("pull", [by_loader, by_sql])
EACH_STORAGE = pytest.mark.parametrize("storage", ["matview", "partition"])


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks`, and a source with two days of it."""
    make_ticks(source, DAY, 2)
    define(acme)
    return acme


def keep_in(warehouse: Warehouse, storage: str) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))


def set_options(warehouse: Warehouse, **options: str) -> None:
    warehouse.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(options),))


@EACH_STORAGE
@EACH_WAY
def test_rows_that_a_policy_hides_are_an_error_that_says_what_to_do(
    ticking: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    keep_in(ticking, storage)
    source.run("ALTER TABLE ticks ENABLE ROW LEVEL SECURITY")
    source.run("CREATE POLICY first_only ON ticks USING (value = '0')")
    with pytest.raises(
        (AssertionError, psycopg.Error),
        match=r"row-level security policy for table .*BYPASSRLS.*row_security=on",
    ):
        pull(ticking, DAY, DAY, template="ticks")
    set_options(ticking, row_security="on")
    pull(ticking, DAY, DAY, template="ticks")
    assert ticking.rows("SELECT value FROM acme.ticks") == [(0,)]


def test_a_template_tried_on_rows_that_a_policy_hides_says_the_same(
    ticking: Warehouse, source: Source
) -> None:
    source.run("ALTER TABLE ticks ENABLE ROW LEVEL SECURITY")
    outcome = run(ticking, "template", "test", "ticks", "--tenant", "acme", "--day", str(DAY))
    assert outcome.code == 1
    assert "BYPASSRLS" in outcome.err


@EACH_STORAGE
@EACH_WAY
def test_timeouts_that_a_source_has_for_idle_sessions_end_no_load(
    ticking: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    keep_in(ticking, storage)
    with source.connect() as session:
        for name in ("idle_in_transaction_session_timeout", "idle_session_timeout"):
            session.execute(
                sql.SQL("ALTER ROLE source_reader IN DATABASE {} SET {} TO '300ms'").format(
                    sql.Identifier(source.name), sql.Identifier(name)
                )
            )
    # Between the pulling of one day and that of the next more time passes than the source gives.
    ticking.run(
        "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END'"
    )
    ticking.run("CREATE TRIGGER slow AFTER INSERT OR UPDATE ON _wh.slices EXECUTE FUNCTION public.slow()")
    for only_changed in (False, True):
        if pull is by_sql:
            done = ticking.value(
                "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s, only_changed => %s)",
                (DAY, date(2024, 3, 9), only_changed),
            )
            assert done["failed"] == 0, done
        else:
            pull(ticking, DAY, date(2024, 3, 9), template="ticks")
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 4
    ended: LiteralString = "SELECT sessions_fatal FROM pg_stat_database WHERE datname = current_database()"
    assert source.value(ended) == 0


def test_each_timeout_of_a_session_can_be_set_by_the_connection(ticking: Warehouse) -> None:
    set_options(
        ticking,
        statement_timeout="90s",
        lock_timeout="1500",
        idle_in_transaction_session_timeout="5min",
        idle_session_timeout="2h",
        transaction_timeout="3h",
    )
    assert ticking.value("SELECT read_only FROM _wh_internal.probe_source('acme')") is True
    with ticking.connect() as session:
        session.execute("SELECT _wh_internal.hold_source('acme')")
        session.execute("SELECT _wh_internal.begin_source('acme')")
        found = session.execute(
            "SELECT * FROM public.dblink(_wh_internal.server_name('acme'), 'SELECT current_setting(''statement_timeout''), current_setting(''lock_timeout''),"
            " current_setting(''idle_in_transaction_session_timeout''), current_setting(''idle_session_timeout'')') AS t(a text, b text, c text, d text)"
        ).fetchone()
    assert found == ("90s", "1500ms", "5min", "2h")


def test_a_setting_that_does_not_read_back_as_it_was_asked_for_is_refused_by_its_name(
    ticking: Warehouse,
) -> None:
    # PostgreSQL takes this for a millisecond.
    set_options(ticking, lock_timeout="900us")
    for words in (
        ("tenant", "test", "acme"),
        ("template", "test", "ticks", "--tenant", "acme", "--day", str(DAY)),
    ):
        outcome = run(ticking, *words)
        assert outcome.code == 1
        assert "lock_timeout is 1ms and not 900us" in outcome.errors[0], outcome.err
    for storage in ("matview", "partition"):
        keep_in(ticking, storage)
        for pull in (by_sql, by_loader):
            with pytest.raises((AssertionError, psycopg.Error), match="lock_timeout is 1ms and not 900us"):
                pull(ticking, DAY, DAY, template="ticks")


def test_the_test_of_a_tenant_says_what_was_read_back(ticking: Warehouse, source: Source) -> None:
    # transaction_timeout is there since PostgreSQL 17.
    count = 28 if source.value("SELECT current_setting('transaction_timeout', true)") else 27
    told = succeed(ticking, "tenant", "test", "acme").out
    assert f"read only, UTC, {count} settings read back" in told
    assert succeed(ticking, "tenant", "test", "acme", "--json").json["answered"]["settings"] == count


def test_a_days_transaction_at_the_source_ends_with_it(ticking: Warehouse, source: Source) -> None:
    """A window by SQL, and the loader's days: none keeps the source from vacuuming for longer than a day takes."""
    begun: LiteralString = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'source_reader' AND datname = current_database() AND xact_start IS NOT NULL"
    with ticking.connect() as session:
        session.execute("SELECT _wh_internal.hold_source('acme')")
        for day in (DAY, date(2024, 3, 9)):
            session.execute(
                "SELECT _wh_internal.load_slice(_wh_internal.open_feed('ticks', 'acme', 'acme'), %s)", (day,)
            )
            assert source.value(begun) == 0
        # A day that fails leaves the login for the next, without its transaction.
        source.run("UPDATE ticks SET value = 'broken' WHERE id % 2 = 0")
        with pytest.raises(psycopg.Error, match="broken"):
            session.execute(
                "SELECT _wh_internal.load_slice(_wh_internal.open_feed('ticks', 'acme', 'acme'), %s)", (DAY,)
            )
        assert source.value(begun) == 0
        source.run("UPDATE ticks SET value = '5'")
        session.execute(
            "SELECT _wh_internal.load_slice(_wh_internal.open_feed('ticks', 'acme', 'acme'), %s)", (DAY,)
        )
    assert ticking.rows("SELECT DISTINCT value FROM acme.ticks_2024_03_08") == [(5,)]


def test_a_transaction_left_open_by_a_load_that_was_cancelled_lends_its_old_rows_to_no_other(
    ticking: Warehouse, source: Source
) -> None:
    with ticking.connect() as session:
        session.execute("SELECT _wh_internal.hold_source('acme')")
        session.execute("SELECT _wh_internal.begin_source('acme')")
        source.run("UPDATE ticks SET value = '9'")
        session.execute(
            "SELECT _wh_internal.load_slice(_wh_internal.open_feed('ticks', 'acme', 'acme'), %s)", (DAY,)
        )
    assert ticking.rows("SELECT DISTINCT value FROM acme.ticks_2024_03_08") == [(9,)]


@pytest.fixture
def unasked(ticking: Warehouse, source: Source) -> Warehouse:
    """A slice of a source in Kolkata, whose login then asks for no settings, as if a pooler had dropped them."""
    with source.connect() as session:
        session.execute(
            sql.SQL("ALTER DATABASE {} SET TimeZone TO 'Asia/Kolkata'").format(sql.Identifier(source.name))
        )
    by_sql(ticking, DAY, DAY, template="ticks")
    set_options(ticking, pooler="true")
    return ticking


def test_a_refresh_by_hand_through_a_login_without_settings_is_an_error_that_names_one(
    unasked: Warehouse, source: Source
) -> None:
    source.run("UPDATE ticks SET value = '7'")
    with pytest.raises(psycopg.Error, match=r"TimeZone is Asia/Kolkata.*_wh\.refresh_mv"):
        unasked.run("REFRESH MATERIALIZED VIEW acme.ticks_2024_03_08")
    unasked.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')")
    assert unasked.rows("SELECT DISTINCT value FROM acme.ticks_2024_03_08") == [(7,)]


def test_a_refresh_by_hand_works_where_the_login_brings_the_settings(
    unasked: Warehouse, source: Source
) -> None:
    set_options(unasked)
    source.run("UPDATE ticks SET value = '7'")
    unasked.run("REFRESH MATERIALIZED VIEW acme.ticks_2024_03_08")
    assert unasked.rows("SELECT DISTINCT value FROM acme.ticks_2024_03_08") == [(7,)]


@pytest.mark.parametrize("options", [{"pooler": "perhaps"}, {"row_security": "perhaps"}])
def test_an_option_that_is_neither_true_nor_false_is_refused(
    ticking: Warehouse, options: dict[str, str]
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="not perhaps"):
        set_options(ticking, **options)
