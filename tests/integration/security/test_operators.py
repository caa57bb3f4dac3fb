"""Operators at work with the program, and what comes of tricks that one tries with the functions that are for him."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from typing import LiteralString

import psycopg
import pytest

from tenantry.core.days import today_utc
from tests.support.databases import Database, Source, Warehouse
from tests.support.jobs import schedule
from tests.support.loading import by_loader
from tests.support.people import member
from tests.support.program import run, running, succeed
from tests.support.samples.small_template import QUERY, define, make_ticks, mend
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)

HOURLY = "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', _wh.current_date_utc());"


@pytest.fixture(params=["matview", "partition"])
def ready(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """A day of acme, published, in either storage; its source has two more."""
    source.fill(DAY, 3)
    acme.run(f"UPDATE _wh.mv_templates SET storage = '{request.param}'")
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def plain(acme: Warehouse, source: Source) -> Warehouse:
    """A day of acme, where the storage makes no difference."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    return acme


@pytest.fixture
def operator(acme: Warehouse) -> Iterator[Database]:
    """A login of an operator."""
    with member(acme, "tenantry_operator") as person:
        yield person


def test_an_operator_loads_compares_and_mends_with_the_program(
    ready: Warehouse, operator: Database, source: Source
) -> None:
    span = ("--from", "2024-03-10", "--to", "2024-03-12")
    loaded = succeed(operator, "backfill", "foodlogstats", "--all", *span, "--json").json
    assert (loaded["load"]["feeds"][0]["loaded"], loaded["load"]["rows"]) == (2, 6)
    assert ready.value("SELECT count(*) FROM public.foodlogstats") == 9
    succeed(operator, "verify", "foodlogstats", "--all", *span)
    source.run("UPDATE phood_foodlogsum SET quantity = quantity + 1 WHERE logged_time < '2024-03-11 00:00+0'")
    differs = run(operator, "verify", "foodlogstats", "--all", *span, "--json")
    assert differs.code == 1
    (day,) = differs.json["feeds"][0]["different"]
    assert (day["day"], day["differing_rows"], day["rows"]) == ("2024-03-10", 3, [])
    succeed(operator, "verify", "foodlogstats", "--all", *span, "--fix")
    source.run("UPDATE phood_foodlogsum SET quantity = quantity + 1 WHERE logged_time < '2024-03-11 00:00+0'")
    succeed(operator, "slice", "reload", "foodlogstats", "2024-03-10", "--tenant", "acme")
    succeed(operator, "refresh", "foodlogstats", "--all", "--days", "3", "--date", "2024-03-12")
    again = succeed(
        operator, "refresh", "foodlogstats", "--all", "--days", "3", "--date", "2024-03-12", "--json"
    ).json
    assert (again["load"]["feeds"][0]["loaded"], again["load"]["feeds"][0]["unchanged"]) == (0, 3)
    assert not run(operator, "slice", "list", "foodlogstats", "--failed", "--json").json["slices"]


def test_a_day_that_fails_is_recorded_and_keeps_no_other_from_being_loaded(
    ready: Warehouse, operator: Database, source: Source
) -> None:
    source.run("UPDATE phood_foodlogsum SET quantity = 'NaN' WHERE logged_time < '2024-03-11 00:00+0'")
    source.run("ALTER TABLE phood_foodlogsum ALTER quantity TYPE text USING quantity::text")
    source.run("UPDATE phood_foodlogsum SET quantity = 'many' WHERE quantity = 'NaN'")
    result = run(
        operator,
        "backfill",
        "foodlogstats",
        "--all",
        "--reload",
        "--from",
        "2024-03-10",
        "--to",
        "2024-03-11",
    )
    by_whadmin = run(
        ready, "backfill", "foodlogstats", "--all", "--reload", "--from", "2024-03-10", "--to", "2024-03-11"
    )
    assert result.code == by_whadmin.code == 1
    assert result.errors == by_whadmin.errors
    assert ready.rows("SELECT slice_date, status FROM _wh.slices ORDER BY 1")[0] == (DAY, "failed")


def test_a_source_that_does_not_answer_is_told_of_as_it_is_to_whadmin(
    plain: Warehouse, operator: Database, source: Source
) -> None:
    plain.run("UPDATE _wh.tenant_connections SET dbname = 'nowhere'")
    for words in (
        ("refresh", "foodlogstats", "--all", "--date", "2024-03-10"),
        ("verify", "foodlogstats", "--all", "--from", "2024-03-10", "--to", "2024-03-10"),
    ):
        told, by_whadmin = run(operator, *words), run(plain, *words)
        assert told.code == by_whadmin.code == 1
        assert "nowhere" in told.out + told.err
        assert source.password not in told.out + told.err
    assert plain.value("SELECT status FROM _wh.slices WHERE slice_date = '2024-03-10'") == "failed"


def test_an_operator_folds_a_year(acme: Warehouse, operator: Database) -> None:
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    by_loader(acme, date(2023, 1, 15), date(2023, 12, 31))
    span = ("--from", "2023-01-01", "--to", "2023-12-31")
    succeed(operator, "backfill", "foodlogstats", "--all", *span, "--sessions", "4")
    succeed(operator, "year", "check", "foodlogstats", "2023", "--all")
    succeed(operator, "year", "fold", "foodlogstats", "2023", "--tenant", "acme")
    assert (
        run(operator, "year", "check", "foodlogstats", "2023", "--all", "--json").json["years"][0]["status"]
        == "folded"
    )


def test_views_that_were_dropped_by_hand_come_back_with_a_backfill(
    plain: Warehouse, operator: Database
) -> None:
    plain.run("DROP VIEW IF EXISTS public.foodlogstats, acme.foodlogstats")
    succeed(operator, "backfill", "foodlogstats", "--all", "--from", "2024-03-10", "--to", "2024-03-10")
    assert plain.reader.value("SELECT count(*) FROM public.foodlogstats") == 3


def test_an_operator_pauses_jobs_and_lets_them_go_on(plain: Warehouse, operator: Database) -> None:
    job = schedule(plain, "acme hourly", "10 * * * *", HOURLY)
    assert "acme hourly" in succeed(operator, "schedule", "show").out
    assert succeed(operator, "schedule", "disable", "--job", "acme hourly", "--json").json == {
        "changed": ["acme hourly"],
        "unchanged": [],
    }
    assert plain.value("SELECT active FROM cron.job WHERE jobid = %s", (job,)) is False
    succeed(operator, "schedule", "enable", "--tenant", "acme")
    assert plain.value("SELECT active FROM cron.job WHERE jobid = %s", (job,)) is True
    succeed(operator, "schedule", "next")
    succeed(operator, "schedule", "history", "--job", "acme hourly")


def test_an_operator_lets_a_tenant_rest_with_its_jobs_and_brings_it_back(
    acme: Warehouse, operator: Database, source: Source
) -> None:
    before = today_utc() - timedelta(days=2)
    source.fill(before, 3)
    acme.load(before, before)
    schedule(acme, "acme hourly", "10 * * * *", HOURLY)
    told = succeed(operator, "tenant", "disable", "acme", "--reason", "its source moves", "--json").json
    assert (told["disabled"], told["paused"], told["reason"]) == (True, ["acme hourly"], "its source moves")
    assert "already" in succeed(operator, "tenant", "disable", "acme", "--reason", "once more").out
    (error,) = run(operator, "schedule", "enable", "--job", "acme hourly").errors
    assert error == 'tenant "acme" is disabled, so its jobs are paused'
    told = succeed(operator, "tenant", "enable", "acme", "--json").json
    assert (told["enabled"], told["jobs"]) == (True, ["acme hourly"])
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 9
    assert acme.value("SELECT disabled_at FROM _wh.tenants") is None
    assert acme.value("SELECT active FROM cron.job") is True


def test_an_operator_enables_no_tenant_whose_source_does_not_answer(
    plain: Warehouse, operator: Database
) -> None:
    succeed(operator, "tenant", "disable", "acme", "--reason", "a test")
    plain.run("UPDATE _wh.tenant_connections SET dbname = 'nowhere'")
    told = run(operator, "tenant", "enable", "acme")
    assert told.code == 1
    assert "cannot be used" in told.errors[0]
    assert plain.value("SELECT disabled_at IS NOT NULL FROM _wh.tenants")


def test_a_backfill_of_an_operator_empties_no_day_that_the_source_keeps_no_longer(
    ready: Warehouse, operator: Database, source: Source
) -> None:
    succeed(operator, "backfill", "foodlogstats", "--all", "--to", "2024-03-12")
    source.run("DELETE FROM phood_foodlogsum WHERE logged_time < '2024-03-12 00:00+0'")
    ready.run("UPDATE _wh.slices SET status = 'failed', failed_at = now() WHERE slice_date = '2024-03-11'")
    told = run(operator, "backfill", "foodlogstats", "--all", "--to", "2024-03-12")
    assert told.code == 1
    assert ready.value("SELECT count(*) FROM acme.foodlogstats") == 9


@pytest.mark.parametrize("group", ["tenantry_operator", "tenantry_auditor"])
def test_a_day_that_was_filled_by_hand_keeps_nobody_from_looking(ready: Warehouse, group: str) -> None:
    """Days of a table that was written anew are missing to them, who may not count its rows."""
    daily = ready.rows("SELECT 1 FROM pg_class WHERE relname = 'foodlogstats_2024_03_10' AND relkind = 'm'")
    ready.run(
        "REFRESH MATERIALIZED VIEW acme.foodlogstats_2024_03_10"
        if daily
        else 'VACUUM FULL _wh_data."acme.foodlogstats_2024"'
    )
    with member(ready, group) as person:
        for words in (("status",), ("slice", "list", "foodlogstats"), ("year", "list")):
            told = succeed(person, *words).out
            assert not daily or told == succeed(ready, *words).out
        assert "the check failed" not in run(person, "doctor").out


def test_an_operator_looks_around_with_the_program(plain: Warehouse, operator: Database) -> None:
    schedule(plain, "acme hourly", "10 * * * *", HOURLY)
    for words in (
        ("status",),
        ("tenant", "list"),
        ("logs",),
        ("audit",),
        ("sizes",),
        ("queries",),
        ("slice", "list", "foodlogstats"),
        ("slice", "show", "foodlogstats", "2024-03-10", "--tenant", "acme"),
        ("year", "list"),
        ("template", "list"),
        ("template", "show", "foodlogstats"),
        ("reader", "list"),
        ("schedule", "show"),
        ("schedule", "next"),
        ("schedule", "history"),
    ):
        by_whadmin = succeed(plain, *words) if words[0] not in ("logs", "audit", "queries") else None
        told = succeed(operator, *words)
        if by_whadmin:
            assert told.out == by_whadmin.out, words


def test_the_doctor_of_an_operator_finds_what_whadmins_does_but_for_the_sources(
    plain: Warehouse, operator: Database
) -> None:
    schedule(plain, "acme hourly", "10 * * * *", HOURLY)

    def findings(database: Database) -> set[tuple[str, str]]:
        told = run(database, "doctor", "--json").json["findings"]
        return {
            (f["check"], f["reason"]) for f in told if f["check"] not in ("sources", "sessions", "secrets")
        }

    assert findings(operator) == findings(plain)
    (asked,) = run(operator, "doctor", "--only", "sources", "--json").json["findings"]
    assert asked["reason"] == "the sources were not contacted: that needs whadmin"


def test_an_operator_hears_in_one_line_what_takes_whadmin(plain: Warehouse, operator: Database) -> None:
    before = plain.rows("SELECT * FROM _wh.tenants")
    for words in (
        ("tenant", "add", "globex", "--source", "host=127.0.0.1 dbname=x user=y"),
        ("tenant", "edit", "acme", "--source", "host=127.0.0.1"),
        ("tenant", "drop", "acme", "--yes"),
        ("tenant", "reload", "acme", "--yes"),
        ("template", "edit", "foodlogstats"),
        ("template", "drop", "foodlogstats", "--yes"),
        ("template", "set-storage", "foodlogstats", "partition"),
        ("schedule", "install", "--all"),
        ("schedule", "run", "acme hourly"),
        ("schedule", "remove", "--tenant", "acme", "--yes"),
        ("reader", "add", "mine", "--all"),
        ("reader", "drop", "phood_ro", "--yes"),
        ("backfill", "foodlogstats", "--all", "--outdated"),
        ("recover", "--all"),
        ("doctor", "--fix"),
        ("queries", "--cancel", "1"),
        ("audit", "prune", "--before", "2024-03-10"),
    ):
        refused = run(operator, *words)
        assert refused.code != 0, words
        (error,) = refused.errors
        assert error.endswith(f'needs whadmin, but role "{operator.user}" is an operator'), error
        assert "Log in as whadmin or a member of it." in refused.err
        assert plain.rows("SELECT * FROM _wh.tenants") == before


def test_an_operator_is_no_administrator(plain: Warehouse, operator: Database) -> None:
    for word in ("init", "upgrade"):
        assert run(operator, word).errors == [f'role "{operator.user}" may not act as whadmin']


def test_what_an_operator_did_is_in_the_trail_with_his_login(plain: Warehouse, operator: Database) -> None:
    succeed(operator, "refresh", "foodlogstats", "--all", "--date", "2024-03-10")
    succeed(operator, "tenant", "disable", "acme", "--reason", "a test")
    done = {
        row[0] for row in plain.rows("SELECT what FROM _wh_audit.entries WHERE login = %s", (operator.user,))
    }
    assert {"load_days", "disable_tenant", "set_jobs_active"} <= done


@pytest.mark.parametrize("function", ["load_days", "verify_days"])
def test_an_operator_names_days_that_can_be_meant(
    plain: Warehouse, operator: Database, function: LiteralString
) -> None:
    begins = plain.value("SELECT first_day FROM _wh.feeds")
    for first, last, said in (
        ("2023-01-01", "2024-01-02", "a window of 367 days is too long"),
        ("1899-12-31", "1899-12-31", "1899-12-31 is before 1900"),
        ("4713-01-01 BC", "9999-12-31", "is before 1900"),
        ("-infinity", "infinity", "a window needs two days"),
        ("2024-03-11", "2024-03-10", "is after its last day"),
        (None, "2024-03-10", "a window needs two days"),
        ("2024-03-10", None, "a window needs two days"),
        ("9999-12-31", "9999-12-31", "has not begun"),
    ):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=said):
            operator.rows(f"SELECT _wh.{function}('foodlogstats', 'acme', %s, %s)", (first, last))
        assert plain.value("SELECT first_day FROM _wh.feeds") == begins, said


def test_an_operator_touches_nothing_of_a_tenant_that_is_being_dropped(
    plain: Warehouse, operator: Database
) -> None:
    calls: tuple[LiteralString, ...] = (
        "load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
        "verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
        "publish_views('foodlogstats', 'acme')",
        "fold_year('foodlogstats', 'acme', 2023)",
        "source_days('foodlogstats', 'acme')",
        "disable_tenant('acme', 'a test')",
        "enable_tenant('acme')",
    )
    plain.run("UPDATE _wh.tenants SET dropping_at = now()")
    for call in calls:
        with pytest.raises(psycopg.errors.UndefinedObject, match=r"no tenant|being dropped"):
            operator.run(f"SELECT _wh.{call}")


def test_an_operator_who_says_too_little_or_too_much_changes_nothing(
    plain: Warehouse, operator: Database
) -> None:
    calls: tuple[tuple[LiteralString, str], ...] = (
        ("set_jobs_active(NULL, true)", "name the jobs"),
        ("set_jobs_active('{1}', NULL)", "name the jobs"),
        ("set_jobs_active('{NULL}', false)", "whadmin has no job NULL"),
        ("set_jobs_active('{987654}', false)", "whadmin has no job 987654"),
        ("disable_tenant('acme', NULL)", "no reason given"),
        ("disable_tenant('acme', ' ')", "no reason given"),
        ("disable_tenant(NULL, 'a test')", "does not exist"),
        ("disable_tenant('_wh', 'a test')", "does not exist"),
        ("disable_tenant('acme', 'a test', '{987654}')", "whadmin has no job 987654"),
        ("fold_year('foodlogstats', 'acme', NULL)", "is not over"),
        ("fold_year('foodlogstats', 'acme', -1)", "cannot be"),
        ("fold_year('foodlogstats', 'acme', 2147483647)", "is not over"),
    )
    for call, said in calls:
        with pytest.raises(psycopg.Error, match=said):
            operator.run(f"SELECT _wh.{call}")
        assert plain.value("SELECT disabled_at FROM _wh.tenants") is None, call


def test_an_operator_pauses_no_job_of_another_database(plain: Warehouse, operator: Database) -> None:
    elsewhere = plain.value(
        "INSERT INTO cron.job (schedule, command, database) VALUES ('* * * * *', 'SELECT 1', 'postgres') RETURNING jobid"
    )
    with pytest.raises(psycopg.errors.UndefinedObject, match=f"whadmin has no job {elsewhere}"):
        operator.rows("SELECT _wh.set_jobs_active(ARRAY[%s::bigint], false)", (elsewhere,))
    assert operator.rows("SELECT * FROM _wh.jobs()") == []
    assert plain.rows("SELECT active FROM cron.job") == [(True,)]


def test_no_row_of_a_tenant_is_in_what_comes_of_comparing(
    ready: Warehouse, operator: Database, source: Source
) -> None:
    source.run("UPDATE phood_foodlogsum SET validation_status = 'a canary'")
    told = operator.value("SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-12')")
    assert [day["agrees"] for day in told["days"]] == [False, False, False]
    assert [day["differing_rows"] for day in told["days"]] == [3, 3, 3]
    assert {key for day in told["days"] for key in day} <= {
        "date", "agrees", "source_rows", "warehouse_rows", "differing_rows", "source_digest", "fault",
    }  # fmt: skip
    shown = run(operator, "verify", "foodlogstats", "--all", "--from", "2024-03-10", "--to", "2024-03-12")
    assert "canary" not in json.dumps(told) + shown.out + shown.err


def test_temporary_objects_of_an_operator_do_nothing_with_whadmins_rights(
    ready: Warehouse, operator: Database
) -> None:
    names = (
        "tenantry_stage",
        "tenantry_day",
        "tenantry_columns",
        "feeds",
        "slices",
        "entries",
        "job",
        "foodlogstats",
    )
    calls: tuple[LiteralString, ...] = (
        "SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-11')",
        "SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-11', true)",
        "SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-12')",
        "SELECT _wh.publish_views('foodlogstats', 'acme')",
        "SELECT _wh.set_jobs_active('{}', true)",
    )
    with operator.connect() as opened:
        opened.execute(
            "CREATE FUNCTION pg_temp.strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF current_user = 'whadmin' THEN INSERT INTO _wh.readers (reader_name) VALUES ('struck'); END IF; RETURN NEW; END $$"
        )
        opened.execute(
            "CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN"
            " IF current_user = 'whadmin' THEN INSERT INTO _wh.readers (reader_name) VALUES ('struck'); END IF; RETURN NULL; END $$"
        )
        for name in names:
            opened.execute(f"CREATE TEMPORARY TABLE {name} (id integer, schema_name text)".encode())
            opened.execute(
                f"CREATE TRIGGER strike BEFORE INSERT OR UPDATE OR DELETE ON pg_temp.{name}"
                " FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.strike()".encode()
            )
        opened.execute("SET search_path = pg_temp, pg_catalog")
        for call in calls:
            try:
                opened.execute(call)
            except psycopg.errors.InsufficientPrivilege as error:
                # Not the operator's to have dropped by whadmin.
                assert "must be owner" in str(error)  # noqa: PT017
    assert ready.value("SELECT count(*) FROM _wh.readers") == 0
    assert ready.value("SELECT count(*) FROM acme.foodlogstats WHERE logged_time < '2024-03-11'") == 3


def test_settings_of_an_operator_do_not_show_him_a_password_or_mislead_a_load(
    ready: Warehouse, operator: Database, source: Source
) -> None:
    heard: list[str] = []
    with operator.connect() as opened:
        opened.add_notice_handler(lambda said: heard.append(f"{said.message_primary} {said.message_detail}"))
        for setting in (
            "client_min_messages = debug5",
            "debug_print_parse = on",
            "debug_print_plan = on",
            "tenantry.patient = 'yes'",
            "tenantry.in_window = 'yes'",
            "tenantry.days_of_tables = 'not even jsonb'",
            "tenantry.held_secrets = 'not even jsonb'",
            "DateStyle = 'German'",
            "TimeZone = 'Asia/Tokyo'",
        ):
            opened.execute(f"SET {setting}".encode())
        for _ in range(2):
            opened.execute("SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-12')")
        opened.execute("SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-12')")
    # Trees show a constant as the numbers of its bytes.
    numbers = " ".join(str(byte) for byte in source.password.encode())
    assert heard
    assert not [line for line in heard if source.password in line or numbers in line]
    assert ready.value("SELECT count(*) FROM acme.foodlogstats") == 9


def test_an_operator_cannot_put_columns_into_each_others_place(
    acme: Warehouse, operator: Database, source: Source
) -> None:
    """What a session remembers of the names that a source gives its columns is a setting, which its login may write."""
    make_ticks(source, DAY, 1)
    define(
        acme,
        query="SELECT value::integer AS value, at, id FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    asked = "md5(jsonb_build_array('acme', 'ticks', 'acme', _wh_internal.definition_hash(t))::text)"
    forged = f"jsonb_build_object('asked', {asked}, 'names', ARRAY['a', 'b', 'c'])::text"
    with operator.connect() as opened:
        opened.execute(
            f"SELECT set_config('tenantry.source_names', {forged}, false) FROM _wh.mv_templates t"
            " WHERE template_name = 'ticks'".encode()
        )
        opened.execute("SELECT _wh.load_days('ticks', 'acme', %s, %s)", (DAY, DAY))
    held = acme.rows("SELECT id, value FROM acme.ticks ORDER BY id")
    assert held == source.rows("SELECT id, value::integer FROM ticks ORDER BY id")


def test_whoever_waits_for_an_operators_transaction_hears_whose_it_is(
    ready: Warehouse, operator: Database
) -> None:
    with operator.connect() as opened, opened.transaction():
        opened.execute("SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')")
        with ready.connect() as waiting:
            waiting.execute("SET lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable, match=f"held by session .*{operator.user}"):
                waiting.execute("SELECT _wh.verify_slice('foodlogstats', 'acme', '2024-03-10')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        operator.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'whadmin' AND datname = current_database()"
            " UNION ALL SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'"
        )


def test_what_a_source_says_reaches_an_operator_with_its_escapes_visible(
    plain: Warehouse, operator: Database, source: Source
) -> None:
    source.run(
        "CREATE FUNCTION refuse(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', E'\\x1b[2Jgone'; END $$"
    )
    plain.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, 'SELECT', 'SELECT')")
    source.run("ALTER TABLE phood_foodlogsum RENAME TO logged")
    source.run(
        "CREATE VIEW phood_foodlogsum AS SELECT l.*, refuse('') AS more FROM logged l WHERE refuse('') IS NOT NULL"
    )
    source.run("GRANT SELECT ON phood_foodlogsum TO source_reader")
    told = operator.value("SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')")
    (day,) = told["date_results"]
    assert day["status"] == "failed"
    assert "\x1b" not in json.dumps(told, ensure_ascii=False)
    assert "gone" in day["error"]


def test_ctrl_c_of_an_operator_keeps_what_was_loaded_and_leaves_no_session(
    acme: Warehouse, operator: Database, source: Source
) -> None:
    make_ticks(source, date(2024, 3, 1), 20)
    # The first seven days are committed together, and the next ones take a while.
    source.run(
        "UPDATE ticks SET value = 'slow' WHERE at >= '2024-03-08 00:00Z' AND extract(hour FROM at AT TIME ZONE 'UTC') = 0"
    )
    define(acme, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(2)"))
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    words = (
        "backfill",
        "ticks",
        "--all",
        "--from",
        "2024-03-01",
        "--to",
        "2024-03-20",
        "--sessions",
        1,
        "--json",
    )
    with running(operator, *words) as process:
        wait_until(lambda: acme.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'") >= 7)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert json.loads(out)["data"]["load"]["interrupted"] is True
    assert json.loads(err.splitlines()[-1])["error"]["code"] == "interrupted"
    kept = acme.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'")
    assert kept in (7, 14)
    assert acme.reader.value("SELECT count(*) FROM public.ticks") == 2 * kept
    wait_until(
        lambda: (
            acme.admin.value("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (operator.user,))
            == 0
        )
    )
    mend(source)
    (again,) = succeed(operator, *words).json["load"]["feeds"]
    assert (again["loaded"], again["present"]) == (20 - kept, kept)
