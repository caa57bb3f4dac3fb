"""A third storage needs no change elsewhere: what it brings is tests/plain_storage.sql, and all of Tenantry works with it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tenantry.core.days import today_utc
from tests.databases import Source, Warehouse
from tests.program import run, succeed
from tests.ticks import define, make_ticks
from tests.ways import Pull, by_loader, by_sql
from tests.well import findings, troubles

pytestmark = pytest.mark.any_server

PLAIN = (Path(__file__).parent.parent / "plain_storage.sql").read_bytes()

DAYS = 4

both_ways = pytest.mark.parametrize("pull", [by_loader, by_sql])


def first() -> date:
    return today_utc() - timedelta(days=DAYS - 1)


@pytest.fixture
def plain(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the third storage, in which the template `ticks` begins; its source has four days, up to today."""
    acme.run(PLAIN)  # type: ignore[arg-type]
    make_ticks(source, first(), DAYS)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'plain'")
    return acme


@pytest.fixture
def mixed(plain: Warehouse, source: Source) -> Warehouse:
    """Three tenants of one template, each in another storage, with all days."""
    for name, storage in (("acme", "plain"), ("brook", "matview"), ("cafe", "partition")):
        if name != "acme":
            plain.connect_to(source, name)
            plain.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
        plain.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
        by_loader(plain, first(), today_utc(), template="ticks", name=name)
    return plain


def kinds(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Schema and kind of the relations that reports read."""
    return warehouse.rows(
        "SELECT relnamespace::regnamespace::text, relkind::text FROM pg_class WHERE relname = 'ticks' ORDER BY 1"
    )


def days(warehouse: Warehouse, relation: str = "acme.ticks") -> list[int]:
    """How many rows reports see of each day, in order."""
    rows = warehouse.rows(
        f"SELECT count(*) FROM {relation} GROUP BY (at AT TIME ZONE 'UTC')::date ORDER BY (at AT TIME ZONE 'UTC')::date"
    )
    return [row[0] for row in rows]


@both_ways
def test_days_are_loaded_refreshed_and_published(plain: Warehouse, source: Source, pull: Pull) -> None:
    pull(plain, first(), today_utc(), template="ticks")
    assert kinds(plain) == [("acme", "r"), ("public", "v")]
    assert days(plain) == days(plain, "public.ticks") == [2] * DAYS
    source.run("DELETE FROM ticks WHERE id %% 10 = 1 AND at < %s", (first() + timedelta(days=1),))
    source.run("UPDATE ticks SET value = 7")
    pull(plain, first(), today_utc(), template="ticks")
    assert days(plain) == [1, 2, 2, 2]
    assert plain.rows("SELECT DISTINCT value, schema_name FROM public.ticks") == [(7, "acme")]


def test_the_commands_know_its_days(plain: Warehouse, source: Source) -> None:
    by_loader(plain, first(), today_utc(), template="ticks")
    (status,) = succeed(plain, "status", "--json").json
    assert (status["storage"], status["days"]) == ("plain", DAYS)
    assert (
        succeed(plain, "slice", "show", "ticks", first(), "--tenant", "acme", "--json").json["relation"]
        == "acme.ticks"
    )
    assert troubles(findings(plain, "views", "slices", "records", "leftovers", "rows", tenant="acme")) == []
    succeed(plain, "verify", "ticks", "--all")
    plain.run("DELETE FROM acme.ticks WHERE at < %s", (first() + timedelta(days=1),))
    assert run(plain, "verify", "ticks", "--all").code == 1
    succeed(plain, "verify", "ticks", "--all", "--fix")
    assert days(plain) == [2] * DAYS
    source.run("UPDATE ticks SET value = 8")
    succeed(plain, "refresh", "ticks", "--all")


def test_a_template_that_changes_changes_its_table(plain: Warehouse) -> None:
    by_sql(plain, first(), today_utc(), template="ticks")
    define(
        plain,
        columns="id int, at timestamptz, value int, twice int",
        query="SELECT id, at, value::int, 2 * value::int FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    by_sql(plain, first(), today_utc(), template="ticks")
    assert plain.rows("SELECT DISTINCT twice - 2 * value FROM public.ticks") == [(0,)]


def test_a_tenant_is_dropped_with_its_table(plain: Warehouse) -> None:
    by_sql(plain, first(), today_utc(), template="ticks")
    succeed(plain, "template", "drop", "ticks", "--with-data", "--yes")
    assert kinds(plain) == []


def test_what_it_does_not_do_is_said(plain: Warehouse) -> None:
    by_sql(plain, first(), today_utc(), template="ticks")
    with pytest.raises(Exception, match='storage "plain" cannot do this: it has no operation "fold"'):
        plain.run(
            "SELECT _wh_internal.storage_fold(f, t, 2024) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
        )


def test_tenants_in_three_storages_work_side_by_side(mixed: Warehouse, source: Source) -> None:
    assert kinds(mixed) == [("acme", "r"), ("brook", "v"), ("cafe", "p"), ("public", "v")]
    assert mixed.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        (name, 2 * DAYS) for name in ("acme", "brook", "cafe")
    ]
    source.run("UPDATE ticks SET value = 5")
    succeed(mixed, "refresh", "ticks", "--all", "--days", DAYS)
    assert mixed.rows("SELECT DISTINCT value FROM public.ticks WHERE at < %s", (today_utc(),)) == [(5,)]
    succeed(mixed, "verify", "ticks", "--all")
    succeed(mixed, "backfill", "ticks", "--all", "--reload")
    assert troubles(findings(mixed, "views", "slices", "records", "leftovers", "locks")) == []


def test_a_template_of_three_storages_gets_a_new_column_in_all(mixed: Warehouse) -> None:
    define(
        mixed,
        columns="id int, at timestamptz, value int, twice int",
        query="SELECT id, at, value::int, 2 * value::int FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    succeed(mixed, "backfill", "ticks", "--all", "--outdated")
    assert mixed.rows("SELECT schema_name, count(twice) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        (name, 2 * DAYS) for name in ("acme", "brook", "cafe")
    ]


def test_tenants_move_between_three_storages(mixed: Warehouse) -> None:
    for storage in ("plain", "partition", "matview", "plain", "matview", "partition"):
        succeed(mixed, "template", "set-storage", "ticks", storage)
        assert mixed.rows("SELECT DISTINCT storage FROM _wh.feeds") == [(storage,)]
        assert mixed.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
            (name, 2 * DAYS) for name in ("acme", "brook", "cafe")
        ]
        for name in ("acme", "brook", "cafe"):
            succeed(mixed, "template", "drop-old", "ticks", "--tenant", name)
        assert succeed(mixed, "status", "--json").json[0]["days"] == DAYS
    succeed(mixed, "refresh", "ticks", "--all")


def test_a_tenant_of_three_storages_is_dropped(mixed: Warehouse) -> None:
    for name in ("cafe", "brook"):
        succeed(mixed, "tenant", "drop", name, "--yes")
    assert kinds(mixed) == [("acme", "r"), ("public", "v")]
    assert mixed.rows("SELECT DISTINCT schema_name FROM public.ticks") == [("acme",)]
