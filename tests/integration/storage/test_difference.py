"""Days that are loaded again: the loader compares them with the stored rows, and writes only what differs."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.core.days import Span
from tenantry.core.errors import DatabaseError, SliceError
from tenantry.db.connect import session
from tenantry.flow.slice import stored, stream
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.source.session import open_source, source_conninfo
from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)
LAST = date(2024, 3, 12)
QUERY: LiteralString = (
    "SELECT id, at, value::int FROM ticks"
    " WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz ORDER BY random()"
)
ROWS: LiteralString = "SELECT id, at, value::int FROM {} ORDER BY id, at, value"


@pytest.fixture(params=["partition", "shared"])
def acme(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """A template of ticks, of which the source has three days of forty rows, sent in any order; nothing is loaded."""
    make_ticks(source, DAY, 3, 4)
    source.run("INSERT INTO ticks SELECT id * 100 + n, at, n FROM ticks, generate_series(1, 9) n")
    define(acme, query=QUERY)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (request.param,))
    return acme


def pull(warehouse: Warehouse, last: date = LAST, *, staged: bool = False) -> int:
    """Load the days through the front of the loader's own pull; returns the number of rows."""
    with session(warehouse.conninfo) as opened:
        feed = open_feed(opened, "ticks", "acme", "acme")
        with open_source(source_conninfo(opened, "acme")) as source:
            return sum(day.rows for day in stream.pull(opened, source, feed, Span(DAY, last), staged=staged))


def in_order(warehouse: Warehouse) -> None:
    """Let the source send its rows in the same order each time."""
    warehouse.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, 'random()', 'id')")


def holder(warehouse: Warehouse) -> LiteralString:
    """The table that holds the days."""
    found: LiteralString = warehouse.value(
        "SELECT relid::regclass::text FROM _wh.feeds f, _wh_internal.storage_holder(f, %s)", (DAY,)
    )
    return found


def versions(warehouse: Warehouse) -> dict[tuple[int, str], str]:
    """Which transaction wrote each stored row."""
    kept = holder(warehouse)
    return {
        (number, place): writer
        for number, place, writer in warehouse.rows(f"SELECT id, ctid::text, xmin::text FROM {kept}")
    }


def same(warehouse: Warehouse, source: Source) -> bool:
    return warehouse.rows(ROWS.format("acme.ticks")) == source.rows(ROWS.format("ticks"))


def test_rows_that_are_stored_are_not_written_again_whatever_their_order(
    acme: Warehouse, source: Source
) -> None:
    assert pull(acme) == 120
    before = versions(acme)
    assert pull(acme) == 120
    assert versions(acme) == before


EDITS: dict[str, LiteralString] = {
    "a changed row": "UPDATE ticks SET value = 77 WHERE id = (SELECT min(id) FROM ticks)",
    "a NULL": "UPDATE ticks SET value = NULL WHERE id = (SELECT min(id) FROM ticks)",
    "a deleted row": "DELETE FROM ticks WHERE id = (SELECT max(id) FROM ticks)",
    "a new row": "INSERT INTO ticks VALUES (7, '2024-03-11 03:00Z', '1')",
    "a row that moved to another day": "UPDATE ticks SET at = at + interval '1 day' WHERE id = (SELECT min(id) FROM ticks)",
    "an emptied day": "DELETE FROM ticks WHERE at < '2024-03-11 00:00Z'",
    "everything": "UPDATE ticks SET value = value::int + 1",
    "nothing left": "DELETE FROM ticks",
}


@pytest.fixture(params=["few", "many"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether rows that differ count as few, and are not staged."""
    if request.param == "many":
        monkeypatch.setattr(stream, "FEW", 0)
    return bool(request.param == "few")


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("key", [True, False], ids=["with a key", "without a key"])
def test_what_differs_is_written_and_nothing_else(
    acme: Warehouse, source: Source, edit: str, key: bool, few: bool
) -> None:
    if few:
        refuse_to_stage(acme)
    if not key:
        acme.run("UPDATE _wh.mv_templates SET indexes = NULL WHERE template_name = 'ticks'")
    pull(acme)
    before = versions(acme)
    old = set(source.rows("SELECT id, at, value FROM ticks"))
    source.run(EDITS[edit])
    new = set(source.rows("SELECT id, at, value FROM ticks"))
    assert pull(acme) == len(new)
    assert same(acme, source)
    written = versions(acme).items() - before.items()
    assert len(written) == len(new - old)
    assert sum(n for (n,) in acme.rows("SELECT row_count FROM _wh.slices")) == len(new)


def refuse_to_stage(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE OR REPLACE FUNCTION _wh_internal.stream_stage(template_name text) RETURNS void LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'these rows are too few'; END $$"
    )


def test_rows_that_somebody_has_emptied_are_pulled_again(acme: Warehouse, source: Source) -> None:
    """Neither side has a row of a day then, or only one of them."""
    source.run("DELETE FROM ticks WHERE at < '2024-03-11 00:00Z'")
    pull(acme)
    assert pull(acme, DAY) == 0
    acme.run("DELETE FROM acme.ticks")
    assert pull(acme) == 80
    assert same(acme, source)


def test_equal_rows_without_a_key_are_told_apart_by_their_number(acme: Warehouse, source: Source) -> None:
    acme.run("UPDATE _wh.mv_templates SET indexes = NULL WHERE template_name = 'ticks'")
    source.run("INSERT INTO ticks SELECT * FROM ticks WHERE id < (SELECT avg(id) FROM ticks)")
    pull(acme)
    assert same(acme, source)
    twice = source.value("SELECT min(id) FROM ticks")
    source.run("INSERT INTO ticks SELECT * FROM ticks WHERE id = %s", (twice,))
    pull(acme)
    assert same(acme, source)
    source.run(
        "DELETE FROM ticks WHERE ctid IN (SELECT ctid FROM ticks WHERE id = %s LIMIT 3)",
        (twice,),
    )
    pull(acme)
    assert same(acme, source)


RANDOM: list[LiteralString] = [
    "UPDATE ticks SET value = 5 WHERE mod(id, %s) = 0",
    "UPDATE ticks SET value = NULL WHERE mod(id, %s) = 0",
    "UPDATE ticks SET at = at + interval '1 day' WHERE mod(id, %s) = 0",
    "UPDATE ticks SET id = -id WHERE mod(id, %s) = 0",
    "DELETE FROM ticks WHERE mod(id, %s * 2) = 0",
]


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_arrive(acme: Warehouse, source: Source, seed: int) -> None:
    dice = random.Random(seed)
    pull(acme)
    for _ in range(6):
        for edit in dice.sample(RANDOM, 2):
            source.run(edit, (dice.randint(3, 40),))
        source.run("DELETE FROM ticks WHERE at >= '2024-03-13 00:00Z'")
        last = dice.choice([DAY, LAST])
        pull(acme, last)
        if last == LAST:
            assert same(acme, source)
    pull(acme)
    assert same(acme, source)


def test_rows_with_one_key_are_refused_as_ever(acme: Warehouse, source: Source) -> None:
    pull(acme)
    before = versions(acme)
    source.run("INSERT INTO ticks SELECT id, at, 99 FROM ticks WHERE id = (SELECT min(id) FROM ticks)")
    with pytest.raises(DatabaseError, match="more than one row with the same id"):
        pull(acme)
    assert versions(acme) == before


def test_rows_in_the_order_in_which_they_are_stored_are_not_held(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_order(acme)
    pull(acme)
    monkeypatch.setattr(stored, "HELD", 1000)
    before = versions(acme)
    source.run(EDITS["a deleted row"])
    source.run(EDITS["a new row"])
    assert pull(acme) == 120
    assert same(acme, source)
    assert len(versions(acme).items() - before.items()) == 1


def test_rows_that_are_too_many_to_be_held_are_merged_by_the_warehouse(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(acme)
    monkeypatch.setattr(stored, "HELD", 1000)
    monkeypatch.setattr(stored, "ASIDE", 500)
    before = versions(acme)
    source.run(EDITS["a changed row"])
    assert pull(acme) == 120
    assert same(acme, source)
    assert len(versions(acme).items() - before.items()) == 1


def test_a_row_that_another_session_takes_meanwhile_is_noticed(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load of another day may move a row there while this day is compared: then this day is merged again as a whole."""
    pull(acme)
    read = stored.read

    def and_lose_a_row(opened: psycopg.Connection, statement: str) -> Generator[list[bytes]]:
        yield from read(opened, statement)
        acme.run("DELETE FROM acme.ticks WHERE id = (SELECT min(id) FROM acme.ticks)")

    monkeypatch.setattr(stored, "read", and_lose_a_row)
    assert pull(acme) == 120
    assert same(acme, source)


def scans(warehouse: Warehouse) -> int:
    """How often pulling a day reads the table."""
    count: LiteralString = (
        f"SELECT seq_scan + idx_scan FROM pg_stat_all_tables WHERE relid = '{holder(warehouse)}'::regclass"
    )
    sessions: LiteralString = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    open_before, before = set(warehouse.rows(sessions)), warehouse.value(count)
    pull(warehouse, DAY)
    # A session reports what it has read when it ends.
    wait_until(lambda: set(warehouse.rows(sessions)) <= open_before)
    found: int = warehouse.value(count) - before
    return found


def test_stored_rows_are_not_counted_if_no_transaction_has_ended_since_they_were_read(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(acme, DAY)
    read = stored.read

    def and_do_something(opened: psycopg.Connection, statement: str) -> Generator[list[bytes]]:
        yield from read(opened, statement)
        acme.run("CREATE TABLE public.something ()")

    with monkeypatch.context() as patched:
        patched.setattr(stored, "read", and_do_something)
        counted = scans(acme)
    # Other databases of the server also have transactions.
    wait_until(lambda: scans(acme) == counted - 1)
    source.run("INSERT INTO ticks VALUES (7, '2024-03-10 03:00Z', '1')")
    assert scans(acme) >= counted


def test_columns_with_a_length_are_compared_as_they_are_stored(acme: Warehouse, source: Source) -> None:
    """Their values are other ones than the source sends."""
    acme.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz, value numeric(6, 1)',"
        " query_template = replace(query_template, '::int', '::numeric / 3') WHERE template_name = 'ticks'"
    )
    pull(acme)
    before = versions(acme)
    assert pull(acme) == 120
    assert versions(acme) == before


def test_a_row_that_moves_into_a_day_leaves_the_other_day(acme: Warehouse, source: Source, few: bool) -> None:
    """Its key is stored in the day where it was, whose rows are not the source's any more."""
    del few
    pull(acme)
    acme.run("UPDATE _wh.slices SET digest = '1:40:0'")
    source.run("UPDATE ticks SET at = '2024-03-10 05:00Z' WHERE id = (SELECT max(id) FROM ticks)")
    source.run("INSERT INTO ticks VALUES (7, '2024-03-10 06:00Z', '1')")
    assert pull(acme, DAY) == 42
    assert same(acme, source)
    assert acme.rows("SELECT slice_date::text FROM _wh.slices WHERE digest IS NOT NULL") == [("2024-03-11",)]


def test_rows_outside_their_days_are_refused_and_named(acme: Warehouse, source: Source, few: bool) -> None:
    del few
    pull(acme)
    before = versions(acme)
    source.run("INSERT INTO ticks VALUES (7, '2024-03-11 03:00Z', '1'), (8, '2024-05-01 00:00Z', '2')")
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(query_template, 'at < ', 'id = 8 OR at < ')"
        " WHERE template_name = 'ticks'"
    )
    with pytest.raises(SliceError, match=r"1 of 122 rows are outside their days: .*2024-05-01"):
        pull(acme)
    assert versions(acme) == before


def test_a_place_that_has_another_row_by_now_is_left_alone(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    """Between the reading of a row and its deletion, another session may delete it and store one of another day there."""
    if few:
        refuse_to_stage(acme)
    pull(acme)
    gone = source.value("DELETE FROM ticks WHERE id = (SELECT min(id) FROM ticks) RETURNING id")
    places = {key[0]: key[1] for key in versions(acme)}
    kept = holder(acme)
    read = stored.read

    def and_use_its_place(opened: psycopg.Connection, statement: str) -> Generator[list[bytes]]:
        yield from read(opened, statement)
        acme.run(f"DELETE FROM {kept} WHERE id = %s", (gone,))
        acme.run(f"VACUUM (INDEX_CLEANUP on) {kept}")
        acme.run(
            f"INSERT INTO {kept} (schema_name, id, at, value) VALUES ('acme', 5, '2024-03-20 00:00Z', 1)"
        )

    monkeypatch.setattr(stored, "read", and_use_its_place)
    assert pull(acme) == 119
    assert (5, places[gone]) in versions(acme)


@pytest.mark.parametrize("edit", ["a changed row", "a deleted row", "a new row"])
def test_a_trigger_on_the_table_sees_what_happens_to_a_row(
    acme: Warehouse, source: Source, edit: str
) -> None:
    """A changed row is not deleted and inserted then, as it is otherwise if there are few of them."""
    pull(acme)
    kept = holder(acme)
    acme.run("CREATE TABLE public.seen (what text)")
    acme.run(
        "CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN INSERT INTO public.seen VALUES (TG_OP); RETURN NULL; END $$"
    )
    acme.run(
        f"CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON {kept} FOR EACH ROW EXECUTE FUNCTION public.see()"
    )
    source.run(EDITS[edit])
    pull(acme)
    assert same(acme, source)
    expected = {"a changed row": "UPDATE", "a deleted row": "DELETE", "a new row": "INSERT"}[edit]
    assert acme.rows("SELECT what FROM public.seen") == [(expected,)]


TYPES: dict[LiteralString, LiteralString] = {
    "int[]": "ARRAY[[1, NULL], [value::int, 3]]",
    "text[]": "ARRAY['x,y', NULL, '', value]",
    "jsonb": "jsonb_build_object('n', value, 'x', NULL)",
    "json": "'{\"b\" : 1}'::json",
    "numeric": "CASE value::int % 2 WHEN 0 THEN 'NaN' ELSE 1.00 END",
    "interval": "value::int * interval '1 month'",
    "bytea": "decode('00ff27', 'hex')",
    "int4range": "int4range(value::int, 100)",
    "point": "point(value::int, 0.1)",
    "uuid": "md5(value)::uuid",
    "inet": "'10.0.0.1/8'::inet",
    "timestamptz[]": "ARRAY['infinity'::timestamptz]",
    "text": "CASE value::int % 3 WHEN 0 THEN 'é' END",
}


@pytest.mark.parametrize("edit", ["a changed row", "a new row", "everything"])
def test_few_rows_arrive_whatever_their_types_and_the_order_of_the_columns(
    acme: Warehouse, source: Source, edit: str
) -> None:
    """The table has columns in the order in which the template got them, and some that the template has no more."""
    pull(acme)
    root = acme.value(
        "SELECT pg_partition_root(relid)::text FROM _wh.feeds f, _wh_internal.storage_holder(f, %s)", (DAY,)
    )
    acme.run(f"ALTER TABLE {root} ADD COLUMN spare int")
    acme.run(f"ALTER TABLE {root} DROP COLUMN spare")
    names = [f"c{n}" for n in range(len(TYPES))]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, TYPES, strict=True))
    values = ", ".join(f"{value} AS {name}" for name, value in zip(names, TYPES.values(), strict=True))
    define(
        acme,
        columns=f"{columns}, at timestamptz, id int",
        query=QUERY.replace("id, at, value::int", f"{values}, at, id"),
    )
    pull(acme)
    refuse_to_stage(acme)
    source.run(EDITS[edit])
    pull(acme)
    texts = ", ".join(f"{name}::text" for name in ("id", "at", *names))
    kept = acme.rows(f"SELECT {texts} FROM {root} ORDER BY id")
    assert kept == source.rows(f"SELECT {texts} FROM (SELECT id, at, {values} FROM ticks) t ORDER BY id")
