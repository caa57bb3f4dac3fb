"""One slice: made, pulled again, replaced, refused."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.support.databases import Source, Warehouse

DAY = date(2024, 3, 10)
"""The day on which clocks in Chicago go forward."""


def test_a_slice_holds_exactly_the_rows_of_its_utc_day(acme: Warehouse, source: Source) -> None:
    source.log(
        [
            (1, "2024-03-09 23:59:59.999999+00"),
            (2, "2024-03-10 00:00:00+00"),
            (3, "2024-03-10 23:59:59.999999+00"),
            (4, "2024-03-11 00:00:00+00"),
        ]
    )
    assert (
        acme.value("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')") is True
    )
    assert acme.rows("SELECT id FROM acme.foodlogstats_2024_03_10 ORDER BY id") == [(2,), (3,)]


def test_an_item_on_two_menus_is_not_doubled(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.load(DAY, DAY)
    assert acme.rows("SELECT id, station, weight, client FROM acme.foodlogstats") == [
        (1, "Grill", pytest.approx(8.5), "acme")
    ]


def test_a_refresh_shows_what_was_changed_added_and_deleted_at_the_source(
    acme: Warehouse, source: Source
) -> None:
    source.log([(n, "2024-03-10 12:00:00+00") for n in (1, 2, 3)])
    acme.load(DAY, DAY)
    source.run("DELETE FROM phood_foodlogsum WHERE id = 1")
    source.run("UPDATE phood_foodlogsum SET quantity = 99 WHERE id = 2")
    source.log([(4, "2024-03-10 13:00:00+00")])
    acme.load(DAY, DAY)
    assert acme.rows("SELECT id, quantity FROM acme.foodlogstats ORDER BY id") == [(2, 99), (3, 10), (4, 10)]


def test_a_source_that_fails_leaves_the_slice_as_it_was(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.load(DAY, DAY)
    source.run("ALTER TABLE phood_foodlogsum RENAME TO gone")
    with pytest.raises(
        psycopg.Error, match=r'acme.foodlogstats 2024-03-10: .*"phood_foodlogsum" does not exist'
    ):
        acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 1


def test_a_row_outside_its_day_is_refused_and_named(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00"), (2, "2024-03-12 12:00:00+00")])
    acme.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, '{END_TIME}', 'infinity')")
    with pytest.raises(psycopg.Error, match="1 of 2 rows have a logged_time outside the UTC day") as caught:
        acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert '"id": 2' in str(caught.value.diag.message_detail)
    assert acme.value("SELECT _wh.does_mv_exist('acme', 'foodlogstats_2024_03_10')") is False


def test_a_changed_template_makes_the_slice_anew_under_the_views_that_read_it(
    acme: Warehouse, source: Source
) -> None:
    source.fill(DAY, 2)
    acme.load(DAY, date(2024, 3, 11))
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, 'f.flags', '''new''')")
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert acme.reader.rows("SELECT flags, count(*) FROM public.foodlogstats GROUP BY 1 ORDER BY 1") == [
        ("new", 3),
        (None, 3),
    ]
    assert acme.rows("SELECT relname FROM pg_class WHERE relname LIKE 'tenantry_old%'") == []


def test_a_slice_is_made_anew_with_its_indexes_under_the_views_that_read_it(
    acme: Warehouse, source: Source
) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("DROP INDEX acme.idx_acme_foodlogstats_2024_03_10_store")
    assert (
        acme.value("SELECT _wh.recreate_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')") is True
    )
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'foodlogstats_2024_03_10'") == 4
    assert acme.reader.value("SELECT count(*) FROM public.foodlogstats") == 3


def test_a_slice_that_fails_to_be_made_anew_stays_as_it_was(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    source.run("ALTER TABLE phood_foodlogsum RENAME TO gone")
    with pytest.raises(psycopg.Error, match="does not exist"):
        acme.run("SELECT _wh.recreate_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 3
    assert acme.rows("SELECT status FROM _wh.slices") == [("loaded",)]
