"""The refresh of a window that asks the source which days differ, and pulls only those."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.connect import session
from tenantry.flow.slice import digest, stream
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.source.session import open_source, source_conninfo
from tenantry.loader import planning
from tenantry.loader import run as backfill
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 29)
SPAN = Span(FIRST, date(2024, 2, 3))
SECOND = date(2024, 1, 30)
THIRD = date(2024, 1, 31)

WAYS = ["partition, streamed", "partition, through the warehouse", "matview"]


class Pulled(Silent):
    """Remembers which days were pulled, and how many rows it was told of."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.rows = 0

    def loaded(self, slice_: LoadedSlice) -> None:
        self.rows += slice_.rows
        if slice_.action != "unchanged":
            self.days.append(slice_.day)


@pytest.fixture(params=WAYS)
def feed(
    request: pytest.FixtureRequest, acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> Feed:
    """A feed of foodlogstats whose source has three rows on each day of SPAN; nothing is loaded."""
    if "warehouse" in request.param:
        # The server has no TLS: so this machine is not let in, and the warehouse, which is not told this, is.
        monkeypatch.setenv("PGSSLMODE", "require")
    source.fill(FIRST, len(SPAN))
    return stored_in(acme, request.param.split(",")[0])


def stored_in(warehouse: Warehouse, storage: str) -> Feed:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    with session(warehouse.conninfo) as opened:
        return open_feed(opened, "foodlogstats", "acme", "acme")


def refresh(
    warehouse: Warehouse, feed: Feed, span: Span = SPAN, *, full: bool = False
) -> tuple[list[date], FeedResult]:
    """The days that were pulled, and the result."""
    watcher = Pulled()
    if full:
        plans = planning.plan(warehouse.conninfo, [feed], span, reload=True)
    else:
        plans = planning.plan_changed([feed], span)
    result = backfill.run(warehouse.conninfo, plans, backfill.Limits(), watcher).feeds[0]
    assert (result.loaded, result.rows) == (len(watcher.days), watcher.rows)
    assert result.loaded + result.unchanged + len(result.failures) + result.not_tried == len(span)
    return sorted(watcher.days), result


def pulled(warehouse: Warehouse, feed: Feed) -> list[date]:
    days, result = refresh(warehouse, feed)
    assert result.complete
    return days


COLUMNS = "id, store, quantity::text, validation_status, logged_time, flags, name"


def assert_same(warehouse: Warehouse, source: Source) -> None:
    """The warehouse holds what the source holds."""
    there = source.rows(
        "SELECT f.id, l.name, quantity::text, validation_status, logged_time, flags, i.name FROM phood_foodlogsum f"
        " JOIN phood_location l ON l.id = location_id JOIN phood_inventoryitem i ON i.id = inventory_item_id ORDER BY 1, 3"
    )
    assert warehouse.rows(f"SELECT {COLUMNS} FROM acme.foodlogstats ORDER BY 1, 3".encode()) == there  # type: ignore[arg-type]


def images(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Where each row lies and which transaction wrote it, in whatever relations hold them."""
    warehouse.settle()
    return warehouse.rows(
        "SELECT c.relname, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del FROM pg_class c"
        " LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid"
        " WHERE c.relnamespace = 'acme'::regnamespace AND c.relkind IN ('r', 'm') ORDER BY 1"
    )


def test_an_unchanged_window_pulls_nothing_and_writes_nothing(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    assert pulled(acme, feed) == list(SPAN)
    assert_same(acme, source)
    before = images(acme)
    loaded_at = acme.value("SELECT min(loaded_at) FROM _wh.slices")
    assert pulled(acme, feed) == []
    assert images(acme) == before
    assert acme.value("SELECT min(loaded_at) FROM _wh.slices") > loaded_at
    assert_same(acme, source)


CHANGES: dict[str, LiteralString] = {
    "a text": "UPDATE phood_foodlogsum SET validation_status = 'Valid' WHERE id = %(id)s",
    "the scale of a number": "UPDATE phood_foodlogsum SET quantity = quantity + 0.00 WHERE id = %(id)s",
    "a value that becomes NULL": "UPDATE phood_foodlogsum SET quantity = NULL WHERE id = %(id)s",
    "NULL that becomes empty": "UPDATE phood_foodlogsum SET flags = '' WHERE id = %(id)s",
    "a sign": "UPDATE phood_foodlogsum SET quantity = -quantity WHERE id = %(id)s",
    "a name that swaps its place": "UPDATE phood_location SET name = 'valid' WHERE id = 1;"
    " UPDATE phood_foodlogsum SET validation_status = 'Store 1' WHERE id = %(id)s;"
    " UPDATE phood_location SET name = 'Store 1' WHERE id = 1",
    "a microsecond": "UPDATE phood_foodlogsum SET logged_time = logged_time + interval '1 microsecond' WHERE id = %(id)s",
    "a deleted row": "DELETE FROM phood_foodlogsum WHERE id = %(id)s",
    "an added row": "INSERT INTO phood_foodlogsum SELECT 1, location_id, action_reason_id, action_taken_id,"
    " inventory_item_id, pan_id, quantity, validation_status, logged_time, flags FROM phood_foodlogsum WHERE id = %(id)s",
    "two rows that swap a value": "UPDATE phood_foodlogsum f SET quantity = o.quantity FROM phood_foodlogsum o"
    " WHERE f.id IN (%(id)s, %(id)s + 1) AND o.id IN (%(id)s, %(id)s + 1) AND f.id <> o.id",
    "a name that a row refers to": "INSERT INTO phood_inventoryitem VALUES (9, 'Leek', 1, 1, 1, 'c', 1);"
    "UPDATE phood_foodlogsum SET inventory_item_id = 9 WHERE id = %(id)s",
    "a day that is emptied": "DELETE FROM phood_foodlogsum WHERE id BETWEEN %(id)s AND %(id)s + 2",
}


def change(source: Source, what: str) -> None:
    """Change rows of the third day."""
    with source.connect() as opened:
        row = opened.execute(
            "SELECT min(id) FROM phood_foodlogsum WHERE logged_time >= '2024-01-31 00:00:00+00'"
        ).fetchone()
        assert row is not None
        with psycopg.ClientCursor(opened) as cursor:
            cursor.execute(CHANGES[what], {"id": row[0]})


@pytest.mark.parametrize("what", CHANGES)
def test_a_day_that_differs_is_pulled_and_no_other(acme: Warehouse, source: Source, what: str) -> None:
    feed = stored_in(acme, "partition")
    source.fill(FIRST, len(SPAN))
    pulled(acme, feed)
    change(source, what)
    assert pulled(acme, feed) == [THIRD]
    assert_same(acme, source)
    assert pulled(acme, feed) == []


def test_a_change_is_noticed_on_every_way(acme: Warehouse, source: Source, feed: Feed) -> None:
    pulled(acme, feed)
    change(source, "the scale of a number")
    assert pulled(acme, feed) == [THIRD]
    change(source, "a day that is emptied")
    assert pulled(acme, feed) == [THIRD]
    assert pulled(acme, feed) == []
    assert_same(acme, source)


def test_doubled_rows_are_noticed(acme: Warehouse, source: Source, feed: Feed) -> None:
    acme.run("UPDATE _wh.mv_templates SET indexes = NULL")
    source.run("ALTER TABLE phood_foodlogsum DROP CONSTRAINT phood_foodlogsum_pkey")
    pulled(acme, feed)
    source.run(
        "INSERT INTO phood_foodlogsum SELECT * FROM phood_foodlogsum WHERE logged_time = '2024-01-31 00:00:00+00'"
    )
    assert pulled(acme, feed) == [THIRD]
    source.run(
        "INSERT INTO phood_foodlogsum SELECT DISTINCT ON (id) f.* FROM phood_foodlogsum f, generate_series(1, 2)"
        " WHERE logged_time = '2024-01-31 00:00:00+00'"
    )
    assert pulled(acme, feed) == [THIRD]
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 20


def test_what_an_hourly_refresh_brought_is_not_taken_for_what_was_there_before(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    pulled(acme, feed)
    source.run("UPDATE phood_foodlogsum SET flags = 'b'")
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', %s::date)", (THIRD,))
    source.run("UPDATE phood_foodlogsum SET flags = NULL")
    assert pulled(acme, feed) == [THIRD]
    assert_same(acme, source)


def test_what_a_refresh_of_one_view_brought_is_not_either(acme: Warehouse, source: Source) -> None:
    source.fill(FIRST, len(SPAN))
    feed = stored_in(acme, "matview")
    pulled(acme, feed)
    source.run("UPDATE phood_foodlogsum SET flags = 'b'")
    acme.run("SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_01_31')")
    source.run("UPDATE phood_foodlogsum SET flags = NULL")
    assert pulled(acme, feed) == [THIRD]
    assert_same(acme, source)


def test_days_that_a_backfill_brought_are_pulled_once_more(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    backfill.run(acme.conninfo, planning.plan(acme.conninfo, [feed], SPAN), backfill.Limits(), Silent())
    assert pulled(acme, feed) == list(SPAN)
    assert pulled(acme, feed) == []


def test_full_pulls_all_days_and_leaves_no_digest(acme: Warehouse, source: Source, feed: Feed) -> None:
    pulled(acme, feed)
    assert refresh(acme, feed, full=True)[0] == list(SPAN)
    assert acme.value("SELECT count(digest) FROM _wh.slices") == 0
    assert pulled(acme, feed) == list(SPAN)


def test_a_changed_template_pulls_all(acme: Warehouse, source: Source, feed: Feed) -> None:
    pulled(acme, feed)
    acme.run("UPDATE _wh.mv_templates SET query_template = query_template || ' '")
    assert pulled(acme, feed) == list(SPAN)


def test_a_slice_that_was_dropped_or_failed_is_pulled(acme: Warehouse, source: Source, feed: Feed) -> None:
    pulled(acme, feed)
    acme.run("UPDATE _wh.slices SET status = 'failed' WHERE slice_date = %s", (FIRST,))
    if feed.storage == "partition":
        acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (THIRD,))
    else:
        acme.run("DROP MATERIALIZED VIEW acme.foodlogstats_2024_01_31 CASCADE")
    assert pulled(acme, feed) == [FIRST, THIRD]
    assert_same(acme, source)


def test_a_bad_day_keeps_no_other_from_being_compared_or_pulled(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(query_template, 'f.flags',"
        " '(1 / (f.quantity + 1)::int)::text AS flags')"
    )
    pulled(acme, feed)
    change(source, "a text")
    source.run("UPDATE phood_foodlogsum SET quantity = -1 WHERE logged_time = '2024-02-01 00:00:00+00'")
    days, result = refresh(acme, feed)
    assert days == [THIRD]
    assert [(item.day, "division by zero" in item.error) for item in result.failures] == [
        (date(2024, 2, 1), True)
    ]
    assert result.unchanged == 4
    source.run("UPDATE phood_foodlogsum SET quantity = 10 WHERE logged_time = '2024-02-01 00:00:00+00'")
    assert pulled(acme, feed) == [date(2024, 2, 1)]


def test_rows_outside_their_days_are_refused_and_named(acme: Warehouse, source: Source, feed: Feed) -> None:
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(query_template, '''{END_TIME}''', '''infinity'' /*{END_TIME}*/')"
    )
    days, result = refresh(acme, feed)
    assert THIRD not in days
    assert "outside" in result.failures[0].error


def test_a_template_without_a_range_is_asked_day_by_day_in_one_question(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(replace(query_template, '{START_TIME}', '{TARGET_DATE} 00:00Z'),"
        " '''{END_TIME}''::timestamptz', '''{TARGET_DATE} 00:00Z''::timestamptz + interval ''1 day''')"
    )
    assert pulled(acme, feed) == list(SPAN)
    change(source, "a text")
    assert pulled(acme, feed) == [THIRD]
    assert_same(acme, source)


def test_a_template_without_a_time_column_is_compared_too(acme: Warehouse, source: Source) -> None:
    source.fill(FIRST, len(SPAN))
    acme.run("UPDATE _wh.mv_templates SET time_column = NULL")
    feed = stored_in(acme, "matview")
    pulled(acme, feed)
    change(source, "a text")
    assert pulled(acme, feed) == [THIRD]


@pytest.mark.parametrize("columns", ["a text, b text", "at timestamptz, n numeric"])
def test_a_template_may_have_no_text_or_nothing_else(acme: Warehouse, source: Source, columns: str) -> None:
    names = [column.split()[0] for column in columns.split(", ")]
    source.run(
        "CREATE TABLE things (a text, b text, at timestamptz, n numeric);"
        " INSERT INTO things SELECT n::text, '', '2024-01-31 00:00Z'::timestamptz, n FROM generate_series(1, 3) n;"
        " GRANT SELECT ON things TO source_reader"
    )
    acme.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('things', %s, %s)",
        (f"SELECT {', '.join(names)} FROM things WHERE at::date = '{{TARGET_DATE}}'", columns),
    )
    with session(acme.conninfo) as opened:
        feed = open_feed(opened, "things", "acme", "acme")
    assert pulled(acme, feed) == list(SPAN)
    assert pulled(acme, feed) == []
    # The values of two columns and of two rows: as a whole they are the same ones.
    source.run("UPDATE things SET a = b, b = a WHERE a = '1'; UPDATE things SET n = -n WHERE n = 1")
    assert pulled(acme, feed) == [THIRD]


def test_a_query_may_end_in_a_comment(acme: Warehouse, source: Source, feed: Feed) -> None:
    acme.run("UPDATE _wh.mv_templates SET query_template = query_template || ' -- all'")
    assert pulled(acme, feed) == list(SPAN)
    assert pulled(acme, feed) == []


def test_a_source_that_cannot_tell_digests_is_pulled_in_full_and_that_is_said(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    source.run("REVOKE EXECUTE ON FUNCTION hash_array_extended FROM PUBLIC")
    assert pulled(acme, feed) == list(SPAN)
    assert pulled(acme, feed) == list(SPAN)
    assert_same(acme, source)
    message = acme.value("SELECT min(message) FROM _wh.function_logs WHERE log_level = 'WARNING'")
    assert "cannot tell which days differ, so all are loaded: permission denied" in message


def test_a_fraction_never_becomes_an_integer_unnoticed(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.run("ALTER TABLE phood_foodlogsum ALTER action_taken_id TYPE numeric")
    assert pulled(acme, feed) == list(SPAN)
    source.run(
        "UPDATE phood_foodlogsum SET action_taken_id = 1.5 WHERE logged_time = '2024-01-31 00:00:00+00'"
    )
    days, result = refresh(acme, feed)
    assert (days, [item.day for item in result.failures]) == ([], [THIRD])
    assert "invalid input syntax for type integer" in result.failures[0].error


def test_a_day_of_a_folded_year_is_compared_too(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.run("DELETE FROM phood_foodlogsum")
    source.fill(date(2023, 1, 1), 365, per_day=1)
    acme.index_less()
    year = Span(date(2023, 1, 1), date(2023, 12, 31))
    assert refresh(acme, feed, year)[1].complete
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', 2023)")
    source.run("UPDATE phood_foodlogsum SET flags = 'x' WHERE logged_time = '2023-05-06 00:00:00+00'")
    days, result = refresh(acme, feed, year)
    assert (days, result.unchanged) == ([date(2023, 5, 6)], 364)
    assert_same(acme, source)


def test_the_rows_and_the_digest_are_of_one_moment(acme: Warehouse, source: Source) -> None:
    """A row that comes between the question and the pull is neither pulled nor in the digest."""
    source.fill(FIRST, len(SPAN))
    feed = stored_in(acme, "partition")
    with (
        session(acme.conninfo) as opened,
        open_source(source_conninfo(opened, "acme")) as there,
    ):
        answer = digest.ask(opened, there, feed, SPAN, {})
        source.log([(1, "2024-01-31 12:00:00+00")])
        stream.pull(opened, there, feed, Span(FIRST, THIRD), answer=answer)
        assert digest.unchanged(opened, feed, SPAN, answer) == set(Span(FIRST, THIRD))
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 9
    assert pulled(acme, feed) == [THIRD, *Span(date(2024, 2, 1), SPAN.last)]
    assert_same(acme, source)


def test_rows_of_the_moment_of_the_question_never_replace_newer_ones(acme: Warehouse, source: Source) -> None:
    """Somebody else pulls a day between the question and the pull."""
    source.fill(FIRST, len(SPAN))
    feed = stored_in(acme, "partition")
    refresh(acme, feed, SPAN)
    source.run("UPDATE phood_foodlogsum SET quantity = quantity + 1")
    with (
        session(acme.conninfo) as opened,
        open_source(source_conninfo(opened, "acme")) as there,
    ):
        answer = digest.ask(opened, there, feed, SPAN, {})
        source.run("UPDATE phood_foodlogsum SET quantity = quantity + 1")
        acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', %s)", (SECOND,))
        with pytest.raises(psycopg.errors.SerializationFailure, match="after the source was queried"):
            stream.pull(opened, there, feed, Span(FIRST, THIRD), answer=answer)
        with pytest.raises(psycopg.errors.SerializationFailure, match="after the source was queried"):
            slices.load(opened, feed, SECOND, digest=answer.of(SECOND), asked=answer.asked)
        said = Jsonb(answer.digests)
        state: LiteralString = (
            "SELECT _wh_internal.load_changed(f, %s, %s, %s, true) ->> 'status' FROM _wh.feeds f"
        )
        assert opened.execute(state, (SECOND, said, answer.asked)).fetchone() == ("unchanged",)
    refresh(acme, feed, SPAN)
    assert_same(acme, source)


def test_a_day_that_is_pulled_after_its_end_but_was_asked_for_before_counts_as_of_then(
    acme: Warehouse, source: Source
) -> None:
    source.fill(FIRST, len(SPAN))
    feed = stored_in(acme, "partition")
    with (
        session(acme.conninfo) as opened,
        open_source(source_conninfo(opened, "acme")) as there,
    ):
        answer = digest.ask(opened, there, feed, SPAN, {})
        stream.pull(opened, there, feed, Span(FIRST, THIRD), answer=answer)
        slices.load(opened, feed, SPAN.last, digest=answer.of(SPAN.last), asked=answer.asked)
    assert acme.rows("SELECT DISTINCT loaded_at FROM _wh.slices") == [(answer.asked,)]


def test_a_source_that_does_not_answer_keeps_no_other_from_being_refreshed(
    acme: Warehouse, source: Source, make_source: Callable[[], Source], feed: Feed
) -> None:
    other = make_source()
    other.fill(FIRST, len(SPAN))
    acme.connect_to(other, "globex")
    acme.make_schema("globex")
    with session(acme.conninfo) as opened:
        globex = open_feed(opened, "foodlogstats", "globex", "globex")
    pulled(acme, feed)
    other.run("REVOKE CONNECT ON DATABASE " + other.name + " FROM PUBLIC")
    plans = planning.plan_changed([globex, feed], SPAN)
    result = backfill.run(acme.conninfo, plans, backfill.Limits(), Silent())
    assert [(item.complete, item.unchanged) for item in result.feeds] == [(False, 0), (True, 6)]
    assert result.feeds[0].source_lost is not None


def test_a_row_that_moved_to_another_day_and_back_is_there(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    """Its new day takes it from the old one, of which the source's word is then not true any more."""
    pulled(acme, feed)
    move: LiteralString = "UPDATE phood_foodlogsum SET logged_time = logged_time + %s::interval WHERE id = (SELECT max(id) FROM phood_foodlogsum)"
    source.run(move, ("-3 days",))
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', %s::date)", (THIRD,))
    source.run(move, ("3 days",))
    pulled(acme, feed)
    assert_same(acme, source)


# The same by SQL alone.


@pytest.mark.parametrize("storage", ["matview", "partition", "shared"])
def test_a_window_by_sql_pulls_only_what_changed(acme: Warehouse, source: Source, storage: str) -> None:
    source.fill(FIRST, len(SPAN))
    stored_in(acme, storage)

    def window() -> tuple[int, int]:
        result = acme.value(
            "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-01-29', '2024-02-03', only_changed => true)"
        )
        assert result["success"]
        return result["processed_mvs"], result["unchanged"]

    assert window() == (6, 0)
    assert window() == (0, 6)
    change(source, "a text")
    assert window() == (1, 5)
    assert_same(acme, source)


@pytest.mark.parametrize("storage", ["matview", "partition", "shared"])
def test_after_a_bad_day_a_window_by_sql_goes_on(acme: Warehouse, source: Source, storage: str) -> None:
    source.fill(FIRST, len(SPAN))
    stored_in(acme, storage)
    window: LiteralString = "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-01-29', '2024-02-03', only_changed => true)"
    source.run("ALTER TABLE phood_foodlogsum ALTER action_taken_id TYPE numeric")
    acme.run(window)
    source.run(
        "UPDATE phood_foodlogsum SET action_taken_id = 1.5 WHERE logged_time = '2024-01-31 00:00:00+00';"
        " UPDATE phood_foodlogsum SET flags = 'x' WHERE logged_time >= '2024-02-02 00:00:00+00'"
    )
    result = acme.value(window)
    assert (result["failed"], result["unchanged"], result["processed_mvs"]) == (1, 3, 2)
    assert acme.value("SELECT count(*) FROM acme.foodlogstats WHERE flags = 'x'") == 6
    # What was pulled after the failure was of another moment than the digests.
    assert acme.value("SELECT count(digest) FROM _wh.slices WHERE slice_date >= '2024-02-02'") == 0


@pytest.mark.parametrize("storage", ["matview", "partition", "shared"])
def test_the_procedure_for_jobs_pulls_only_what_changed(
    acme: Warehouse, source: Source, storage: str, today: date
) -> None:
    yesterday = today - timedelta(days=1)
    source.fill(yesterday - timedelta(days=3), 4)
    stored_in(acme, storage)
    call: LiteralString = "CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', 3, only_changed => true)"
    acme.run(call)
    assert acme.value("SELECT count(digest) FROM _wh.slices") == 3
    pulled_before = acme.rows("SELECT slice_date, duration FROM _wh.slices ORDER BY 1")
    source.run("UPDATE phood_foodlogsum SET flags = 'x' WHERE logged_time >= %s::date", (yesterday,))
    with acme.connect() as opened:
        opened.execute(call)
        assert opened.execute(
            "SELECT count(*) FROM public.dblink_get_connections() d WHERE d IS NOT NULL"
        ).fetchone() == (0,)
    assert acme.value("SELECT count(*) FROM acme.foodlogstats WHERE flags = 'x'") == 3
    after = acme.rows("SELECT slice_date, duration FROM _wh.slices ORDER BY 1")
    assert [old[0] for old, new in zip(pulled_before, after, strict=True) if old != new] == [yesterday]


# The command.


def test_the_command_tells_how_many_days_were_unchanged(acme: Warehouse, source: Source, today: date) -> None:
    yesterday = today - timedelta(days=1)
    source.fill(yesterday - timedelta(days=14), 16)
    stored_in(acme, "partition")
    first = succeed(acme, "refresh", "foodlogstats", "--all", "--days", 14, "--json").json
    assert [(t["loaded"], t["unchanged"]) for t in first["load"]["feeds"]] == [(14, 0)]
    assert acme.rows("SELECT min(slice_date), max(slice_date) FROM _wh.slices") == [
        (yesterday - timedelta(days=13), yesterday)
    ]
    second = succeed(acme, "refresh", "foodlogstats", "--tenant", "acme", "--days", 14)
    assert "unchanged" in second.out
    assert "14" in second.out
    full = succeed(acme, "refresh", "foodlogstats", "--all", "--days", 14, "--reload", "--json").json
    assert [(t["loaded"], t["unchanged"]) for t in full["load"]["feeds"]] == [(14, 0)]
    before = yesterday - timedelta(days=1)
    last = succeed(acme, "refresh", "foodlogstats", "--all", "--days", 2, "--date", before, "--json").json
    assert last["load"]["feeds"][0]["loaded"] == 2


def test_full_without_a_window_is_refused(acme: Warehouse) -> None:
    outcome = run(acme, "refresh", "foodlogstats", "--all", "--reload")
    assert outcome.code == 2
    assert outcome.errors == ["--reload needs a window of days"]
