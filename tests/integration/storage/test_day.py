"""Each view has the UTC day of its rows in a column `day`, which stays where it is."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks

DAY = date(2023, 12, 31)
STORAGES = pytest.mark.parametrize("storage", ["partition", "matview"])
COLUMN = (
    "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    " AND NOT attisdropped"
)


def load(warehouse: Warehouse, storage: str, *days: date) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for day in days:
        warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (day,))
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")


@STORAGES
def test_the_day_of_a_row_is_that_of_utc_and_later_columns_follow_it(
    acme: Warehouse, source: Source, storage: str
) -> None:
    make_ticks(source, DAY, 2)
    define(acme)
    load(acme, storage, DAY, date(2024, 1, 1))
    acme.run(
        "CREATE VIEW public.mine AS SELECT * FROM public.ticks JOIN acme.ticks USING (id, at, value, day)"
    )
    with acme.reader.connect() as session:
        session.execute("SET timezone = 'America/Chicago'")
        for view in ("public.ticks", "acme.ticks", "public.mine"):
            query = f"SELECT day, count(*), min(at)::date FROM {view} GROUP BY 1 ORDER BY 1"
            assert session.execute(query.encode()).fetchall() == [
                (date(2023, 12, 31), 2, date(2023, 12, 30)),
                (date(2024, 1, 1), 2, date(2023, 12, 31)),
            ]
    # The view over them would block a view from being dropped.
    define(acme, query=QUERY.replace("END\nFROM", "END, 'x'::text\nFROM"), columns=COLUMNS + ", note text")
    load(acme, storage, DAY)
    assert acme.value(COLUMN, ("public.ticks",)) == "schema_name id at value day note"
    assert acme.value(COLUMN, ("acme.ticks",)) == "id at value day note"
    assert acme.reader.rows("SELECT day, note FROM public.ticks WHERE note IS NOT NULL") == [(DAY, "x")] * 2
    other = "matview" if storage == "partition" else "partition"
    acme.run("CALL _wh.set_storage('ticks', %s, 'acme')", (other,))
    assert acme.value(COLUMN, ("public.ticks",)) == "schema_name id at value day note"
    assert acme.reader.value("SELECT count(DISTINCT day) FROM public.mine") == 2


@STORAGES
def test_a_template_with_a_column_day_keeps_its_own(acme: Warehouse, source: Source, storage: str) -> None:
    make_ticks(source, DAY, 1)
    define(acme, columns="id int, at timestamptz, day int")
    load(acme, storage, DAY)
    assert acme.value(COLUMN, ("public.ticks",)) == "schema_name id at day"
    assert acme.reader.rows("SELECT day FROM public.ticks ORDER BY 1") == [(0,), (1,)]


def test_without_a_time_column_the_day_is_that_of_the_slice(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2023, 1, 1), 365, per_day=1)
    define(acme, time_column=None)
    acme.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', '2023-01-01', '2023-12-31')")
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    query = "SELECT count(DISTINCT day), min(day), max(day) FROM public.ticks"
    expected = [(365, date(2023, 1, 1), DAY)]
    assert acme.reader.rows(query) == expected
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    assert acme.reader.rows(query) == expected
    assert acme.reader.rows(query.replace("public.ticks", "acme.ticks_2023")) == expected
