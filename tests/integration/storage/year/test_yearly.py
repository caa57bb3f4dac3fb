"""A closed year: checked, folded into one table, and its days pulled again afterwards."""

from __future__ import annotations

import threading
from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tests.integration.storage.year.small_year import pull_window
from tests.support.databases import Source, Warehouse
from tests.support.program import address, succeed
from tests.support.samples.small_template import COLUMNS, INDEXES, QUERY, define, make_ticks, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2023, 5, 6)

WAITING_FOR_ADVISORY_LOCK: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
)


def fold(warehouse: Warehouse, year: int | None = 2023) -> dict[str, Any]:
    result: dict[str, Any] = warehouse.value(
        "SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', %s)", (year,)
    )
    return result


def pull_day(warehouse: Warehouse, day: date = DAY) -> None:
    warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (day,))


def daily_slices(warehouse: Warehouse) -> int:
    count: int = warehouse.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'")
    return count


@pytest.fixture
def folded(loaded: Warehouse) -> Warehouse:
    """The same with 2023 in its yearly table."""
    fold(loaded)
    return loaded


def test_a_fold_keeps_every_row_and_drops_every_daily_slice(loaded: Warehouse, source: Source) -> None:
    result = fold(loaded)
    assert result.pop("duration_seconds") >= 0
    assert result == {
        "success": True,
        "template": "ticks",
        "schema": "acme",
        "year": 2023,
        "yearly_table": "ticks_2023",
        "processed_mvs": 365,
        "total_records": 730,
    }
    assert daily_slices(loaded) == 0
    assert loaded.reader.rows("SELECT id, at, value FROM acme.ticks_2023 ORDER BY id") == source.rows(
        "SELECT id, at, value::int FROM ticks ORDER BY id"
    )
    assert loaded.reader.value("SELECT count(*) FROM public.ticks") == 730


def test_a_yearly_table_has_the_indexes_of_the_template_and_belongs_to_whadmin(folded: Warehouse) -> None:
    assert folded.rows(
        "SELECT indexdef, tableowner FROM pg_indexes JOIN pg_tables USING (schemaname, tablename)"
        " WHERE tablename = 'acme.ticks_2023'"
    ) == [
        ('CREATE UNIQUE INDEX "acme.ticks_2023_id" ON _wh_data."acme.ticks_2023" USING btree (id)', "whadmin")
    ]


def test_an_incomplete_year_is_refused_with_the_days_that_are_missing(loaded: Warehouse) -> None:
    loaded.run(
        "DROP MATERIALIZED VIEW acme.ticks_2023_02_28, acme.ticks_2023_03_01, acme.ticks_2023_05_06 CASCADE"
    )
    with pytest.raises(
        psycopg.errors.ObjectNotInPrerequisiteState,
        match=r"year 2023 of acme\.ticks is incomplete: 3 of 365 days are missing: 2023-02-28 to 2023-03-01, 2023-05-06",
    ) as caught:
        fold(loaded)
    assert "'2023-02-28', '2023-05-06'" in str(caught.value.diag.message_hint)
    assert daily_slices(loaded) == 362


def test_a_year_is_not_folded_twice(folded: Warehouse) -> None:
    with pytest.raises(psycopg.errors.DuplicateTable, match=r"yearly table acme\.ticks_2023 already exists"):
        fold(folded)
    assert folded.value("SELECT count(*) FROM acme.ticks") == 730


def test_a_day_of_a_folded_year_is_replaced_in_the_table(folded: Warehouse, source: Source) -> None:
    source.run("DELETE FROM ticks WHERE at = '2023-05-06 00:00+00'")
    source.run("UPDATE ticks SET value = 77 WHERE at = '2023-05-06 12:00+00'")
    source.run("INSERT INTO ticks VALUES (1, '2023-05-06 23:59:59.999999+00', 78)")
    pull_day(folded)
    assert daily_slices(folded) == 0
    assert folded.rows("SELECT id, value FROM public.ticks WHERE at::date = %s ORDER BY id", (DAY,)) == [
        (1, 78),
        (85261, 77),
    ]
    assert folded.value("SELECT count(*) FROM public.ticks") == 730


def test_a_day_of_a_folded_year_stays_as_it_was_when_the_source_fails(
    folded: Warehouse, source: Source
) -> None:
    spoil(source, DAY)
    with pytest.raises(psycopg.Error, match=r"acme\.ticks 2023-05-06: .*broken"):
        pull_day(folded)
    assert folded.value("SELECT count(*) FROM acme.ticks") == 730


def test_without_a_time_column_the_yearly_table_carries_the_day(loaded: Warehouse, source: Source) -> None:
    define(loaded, time_column=None)
    fold(loaded)
    assert loaded.rows(
        'SELECT slice_date, count(*) FROM _wh_data."acme.ticks_2023" WHERE id = 85260 GROUP BY 1'
    ) == [(DAY, 1)]
    source.run("DELETE FROM ticks WHERE id = 85260")
    pull_day(loaded)
    assert loaded.rows('SELECT id FROM _wh_data."acme.ticks_2023" WHERE slice_date = %s', (DAY,)) == [
        (85261,)
    ]
    assert loaded.value("SELECT count(*) FROM public.ticks") == 729
    assert "slice_date" not in loaded.value("SELECT to_jsonb(t) FROM acme.ticks t LIMIT 1")


def test_without_a_time_column_a_yearly_table_that_was_written_anew_lacks_days_of_which_rows_are_gone(
    loaded: Warehouse,
) -> None:
    define(loaded, time_column=None)
    fold(loaded)
    loaded.run('DELETE FROM _wh_data."acme.ticks_2023" WHERE slice_date = %s AND id = 85260', (DAY,))
    loaded.run('VACUUM FULL _wh_data."acme.ticks_2023"')
    checked = loaded.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2023)")
    assert (checked["found_days"], checked["missing_ranges"]) == (
        364,
        [{"from": str(DAY), "to": str(DAY), "days": 1}],
    )


def test_a_daily_slice_left_beside_a_yearly_table_is_not_counted_twice(folded: Warehouse) -> None:
    folded.run(
        'CREATE MATERIALIZED VIEW acme.ticks_2023_05_06 AS SELECT * FROM _wh_data."acme.ticks_2023" WHERE id / 10 = 8526'
    )
    folded.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert folded.value("SELECT count(*) FROM acme.ticks") == 730
    result = folded.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2023)")
    assert (result["success"], result["stale_mvs"]) == (False, ["2023-05-06"])
    assert result["status"] == "stale slices beside the yearly table"


def test_a_row_that_moved_to_another_day_is_explained_and_the_slices_stay(
    loaded: Warehouse, source: Source
) -> None:
    source.run("UPDATE ticks SET at = '2023-05-07 01:00+00' WHERE id = 85260")
    pull_day(loaded, date(2023, 5, 7))
    with pytest.raises(
        psycopg.errors.UniqueViolation, match=r"year 2023 of acme\.ticks: rows are in more than one day"
    ) as caught:
        fold(loaded)
    assert "load both days again" in str(caught.value.diag.message_hint)
    assert daily_slices(loaded) == 365
    pull_window(loaded, DAY, date(2023, 5, 7))
    assert fold(loaded)["total_records"] == 730


def test_an_index_that_cannot_be_made_leaves_the_slices(loaded: Warehouse) -> None:
    define(loaded, indexes=INDEXES + "; CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (nowhere)")
    with pytest.raises(psycopg.errors.UndefinedColumn, match="nowhere"):
        fold(loaded)
    assert daily_slices(loaded) == 365
    assert loaded.value("SELECT to_regclass('_wh_data.\"acme.ticks_2023\"')") is None


def test_slices_from_before_a_change_of_columns_are_folded_as_the_view_showed_them(loaded: Warehouse) -> None:
    define(
        loaded,
        query=QUERY.replace("END\n", "END, 'new'\n"),
        columns="id bigint, at timestamptz, value int, note text",
    )
    pull_day(loaded)
    before = loaded.rows("SELECT * FROM acme.ticks ORDER BY id")
    fold(loaded)
    assert loaded.rows("SELECT * FROM acme.ticks ORDER BY id") == before
    assert loaded.value('SELECT count(note) FROM _wh_data."acme.ticks_2023"') == 2


def test_a_yearly_table_has_the_types_and_collations_of_the_template_and_its_days_in_order(
    loaded: Warehouse,
) -> None:
    """Its slices are from before and after a change."""
    define(
        loaded,
        query=QUERY.replace("ELSE value::int END", "ELSE value::int END::text, 'a' || id"),
        columns='id bigint, at timestamptz, value varchar(12), note text COLLATE "POSIX"',
    )
    pull_day(loaded)
    fold(loaded)
    assert loaded.rows(
        "SELECT attname::text, format_type(atttypid, atttypmod), attcollation::regcollation::text FROM pg_attribute"
        " WHERE attrelid = '_wh_data.\"acme.ticks_2023\"'::regclass AND attnum > 0 ORDER BY attnum"
    ) == [
        ("id", "bigint", "-"),
        ("at", "timestamp with time zone", "-"),
        ("value", "character varying(12)", '"default"'),
        ("note", "text", '"POSIX"'),
    ]
    stored = [row[0] for row in loaded.rows('SELECT at FROM _wh_data."acme.ticks_2023"')]
    assert len(stored) == 730
    assert stored == sorted(stored)


def test_a_day_of_a_folded_year_takes_a_column_that_the_template_got_since(folded: Warehouse) -> None:
    define(folded, query=QUERY.replace("END\n", "END, 'new'\n"), columns=COLUMNS + ", note text")
    pull_day(folded)
    folded.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert folded.rows("SELECT note, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("new", 2),
        (None, 728),
    ]


def test_a_report_sees_every_row_once_before_throughout_and_after_a_fold(loaded: Warehouse) -> None:
    seen: list[tuple[Any, ...]] = []
    stop = threading.Event()

    def report() -> None:
        with loaded.reader.connect() as session:
            while not stop.is_set():
                seen.extend(session.execute("SELECT count(*), sum(id) FROM public.ticks"))

    reader = threading.Thread(target=report)
    reader.start()
    try:
        wait_until(lambda: len(seen) > 3)
        fold(loaded)
        folded_at = len(seen)
        wait_until(lambda: len(seen) > folded_at + 3)
    finally:
        stop.set()
        reader.join()
    assert set(seen) == {loaded.rows('SELECT count(*), sum(id) FROM _wh_data."acme.ticks_2023"')[0]}


def test_a_load_of_a_day_waits_for_the_fold_of_its_year_and_goes_into_the_table(
    loaded: Warehouse, source: Source
) -> None:
    source.run("UPDATE ticks SET value = 77 WHERE id = 85260")
    load = threading.Thread(target=pull_day, args=(loaded,))
    with loaded.connect() as session:
        session.execute("BEGIN")
        session.execute("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
        load.start()
        wait_until(lambda: loaded.value(WAITING_FOR_ADVISORY_LOCK) == 1)
        session.execute("COMMIT")
    load.join()
    assert loaded.rows('SELECT value FROM _wh_data."acme.ticks_2023" WHERE id = 85260') == [(77,)]
    assert daily_slices(loaded) == 0


def test_a_day_of_a_folded_year_is_not_replaced_once_nothing_tells_its_days_apart(folded: Warehouse) -> None:
    rows = folded.rows('SELECT * FROM _wh_data."acme.ticks_2023" ORDER BY id')
    folded.run("UPDATE _wh.mv_templates SET time_column = NULL")
    with pytest.raises(psycopg.Error, match="tells its days apart by a time column"):
        pull_day(folded)
    assert folded.rows('SELECT * FROM _wh_data."acme.ticks_2023" ORDER BY id') == rows


def test_years_without_rows_are_told_in_one_line(
    warehouse: Warehouse, make_source: Callable[[], Source], today: date, tmp_path: Path
) -> None:
    """A source that has stopped may have many of them."""
    source = make_source()
    settled = (today - timedelta(days=31)).year
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    make_ticks(source, date(settled - 2, 1, 1), 1)
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text(source.password)
    words = ("--source", address(source), "--template", "ticks", "--password-file", secret)

    told = succeed(warehouse, "tenant", "add", "acme", *words).err.splitlines()

    years = [line for line in told if line.startswith("✓ year")]
    assert [line.partition(": ")[2] for line in years] == [
        f"{366 if isleap(settled - 2) else 365} slices, 2 rows in one table",
        f"1 year without rows folded: {settled - 1}",
    ]
