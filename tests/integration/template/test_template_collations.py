"""A column's collation that a template changes after days were loaded."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse whose source has two days of `ticks`."""
    make_ticks(source, FIRST, 2)
    return acme


def sort_by(warehouse: Warehouse, clause: str, number: str = "int") -> None:
    """The template `ticks` with a text column `value` of this collation, and ids of this type."""
    define(
        warehouse,
        columns=f"id {number}, at timestamptz, value text{clause}",
        query="SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )


STORAGES = pytest.mark.parametrize("storage", ["matview", "partition", "shared"])
WAYS = pytest.mark.parametrize("pull", [by_loader, by_sql])


@STORAGES
@WAYS
@pytest.mark.parametrize(
    "before, after",
    [(' COLLATE "C"', ""), ("", ' COLLATE "POSIX"'), (' COLLATE "C"', ' COLLATE "POSIX"')],
)
def test_a_column_can_change_its_collation(
    ticking: Warehouse, storage: str, pull: Pull, before: str, after: str
) -> None:
    sort_by(ticking, before)
    ticking.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    pull(ticking, FIRST, FIRST, template="ticks")
    sort_by(ticking, after)
    pull(ticking, SECOND, SECOND, template="ticks")
    for view in ("acme.ticks", "public.ticks"):
        assert ticking.rows(
            f"SELECT pg_collation_for(value), count(*) FROM {view} WHERE value <= '9' GROUP BY 1"
        ) == [(after.removeprefix(" COLLATE ") or '"default"', 4)]


@STORAGES
@WAYS
def test_the_type_of_another_column_can_change_beside_one_with_a_collation(
    ticking: Warehouse, storage: str, pull: Pull
) -> None:
    sort_by(ticking, ' COLLATE "C"')
    ticking.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    pull(ticking, FIRST, FIRST, template="ticks")
    sort_by(ticking, ' COLLATE "C"', "bigint")
    pull(ticking, SECOND, SECOND, template="ticks")
    assert ticking.rows("SELECT DISTINCT pg_typeof(id)::text, pg_collation_for(value) FROM public.ticks") == [
        ("bigint", '"C"')
    ]


@STORAGES
@WAYS
def test_a_column_that_comes_later_has_its_collation_in_every_table_and_view(
    ticking: Warehouse, storage: str, pull: Pull
) -> None:
    sort_by(ticking, "")
    ticking.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    pull(ticking, FIRST, FIRST, template="ticks")
    define(
        ticking,
        columns='id int, at timestamptz, value text, note text COLLATE "C"',
        query="SELECT id, at, value, 'x'::text FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    pull(ticking, SECOND, SECOND, template="ticks")
    for view in ("acme.ticks", "public.ticks"):
        assert ticking.rows(
            f"SELECT note, pg_collation_for(note), count(*) FROM {view} GROUP BY 1, 2 ORDER BY 1"
        ) == [
            ("x", '"C"', 2),
            (None, '"C"', 2),
        ]
