"""A third storage needs no change elsewhere: what it brings is tests/data/plain_storage.sql, and all of Tenantry works with it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from tenantry.core.days import today_utc
from tenantry.core.storage import BUILT_IN
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings, troubles
from tests.support.samples.small_template import COLUMNS, define, make_ticks

pytestmark = pytest.mark.any_server

PLAIN = (Path(__file__).parents[2] / "data/plain_storage.sql").read_bytes()

DAYS = 4

NAMES = ("acme", "brook", "cafe")

ALL = [(name, 2 * DAYS) for name in NAMES]

CHECKS = ("views", "slices", "records", "leftovers", "templates", "locks")

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
    for name, storage in (("acme", "matview"), ("brook", "plain"), ("cafe", "partition")):
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


def selecting(columns: LiteralString, time_column: LiteralString = "at") -> LiteralString:
    """A query of the template `ticks` for other columns."""
    return f"SELECT {columns} FROM ticks WHERE {time_column} >= '{{START_TIME}}' AND {time_column} < '{{END_TIME}}'"


def rows(warehouse: Warehouse, column: LiteralString = "id") -> list[tuple[str, int]]:
    """How many rows of each tenant the public view shows with a value."""
    return warehouse.rows(f"SELECT schema_name, count({column}) FROM public.ticks GROUP BY 1 ORDER BY 1")


def days(warehouse: Warehouse, relation: str = "acme.ticks") -> list[int]:
    """How many rows reports see of each day, in order."""
    rows = warehouse.rows(
        f"SELECT count(*) FROM {relation} GROUP BY (at AT TIME ZONE 'UTC')::date ORDER BY (at AT TIME ZONE 'UTC')::date"
    )
    return [row[0] for row in rows]


@both_ways
def test_days_are_loaded_refreshed_and_published(plain: Warehouse, source: Source, pull: Pull) -> None:
    pull(plain, first(), today_utc(), template="ticks")
    assert kinds(plain) == [("acme", "v"), ("public", "v")]
    assert days(plain) == days(plain, "public.ticks") == [2] * DAYS
    source.run("DELETE FROM ticks WHERE id %% 10 = 1 AND at < %s", (first() + timedelta(days=1),))
    source.run("UPDATE ticks SET value = 7")
    pull(plain, first(), today_utc(), template="ticks")
    assert days(plain) == [1, 2, 2, 2]
    assert plain.rows("SELECT DISTINCT value, schema_name FROM public.ticks") == [(7, "acme")]


def test_the_commands_know_its_days(plain: Warehouse, source: Source) -> None:
    by_loader(plain, first(), today_utc(), template="ticks")
    (status,) = succeed(plain, "status", "--json").json["feeds"]
    assert (status["storage"], status["days"]) == ("plain", DAYS)
    assert (
        succeed(plain, "slice", "show", "ticks", first(), "--tenant", "acme", "--json").json["details"][
            "relation"
        ]
        == '_wh_data."acme.ticks"'
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
    define(plain, columns=f"{COLUMNS}, twice int", query=selecting("id, at, value::int, 2 * value::int"))
    by_sql(plain, first(), today_utc(), template="ticks")
    assert plain.rows("SELECT DISTINCT twice - 2 * value FROM public.ticks") == [(0,)]


def test_a_template_is_dropped_with_its_table(plain: Warehouse) -> None:
    by_sql(plain, first(), today_utc(), template="ticks")
    succeed(plain, "template", "drop", "ticks", "--with-data", "--yes")
    assert kinds(plain) == []


def test_what_it_does_not_do_is_said(plain: Warehouse) -> None:
    by_sql(plain, first(), today_utc(), template="ticks")
    with pytest.raises(Exception, match='storage "plain" cannot do this: it has no operation "fold"'):
        plain.run(
            "SELECT _wh_internal.storage_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
        )


def test_tenants_in_three_storages_work_side_by_side(mixed: Warehouse, source: Source) -> None:
    assert kinds(mixed) == [("acme", "v"), ("brook", "v"), ("cafe", "v"), ("public", "v")]
    assert rows(mixed) == ALL
    source.run("UPDATE ticks SET value = 5")
    succeed(mixed, "refresh", "ticks", "--all", "--days", DAYS)
    assert mixed.rows("SELECT DISTINCT value FROM public.ticks WHERE at < %s", (today_utc(),)) == [(5,)]
    succeed(mixed, "verify", "ticks", "--all")
    succeed(mixed, "backfill", "ticks", "--all", "--reload")
    assert troubles(findings(mixed, *CHECKS)) == []


def test_tenants_in_three_storages_are_reloaded_rest_and_come_back(mixed: Warehouse) -> None:
    for name in NAMES:
        succeed(mixed, "tenant", "reload", name, "--yes")
        succeed(mixed, "slice", "reload", "ticks", first(), "--tenant", name)
        succeed(mixed, "tenant", "disable", name, "--reason", "a test")
    for name in NAMES:
        succeed(mixed, "tenant", "enable", name)
    assert rows(mixed) == ALL


def test_a_template_of_three_storages_gets_a_new_column_and_loses_it(mixed: Warehouse) -> None:
    define(mixed, columns=f"{COLUMNS}, twice int", query=selecting("id, at, value::int, 2 * value::int"))
    succeed(mixed, "backfill", "ticks", "--all", "--outdated")
    assert rows(mixed, "twice") == ALL
    define(mixed, columns="id int, at timestamptz", query=selecting("id, at"))
    succeed(mixed, "backfill", "ticks", "--all", "--outdated")
    assert rows(mixed) == ALL
    assert troubles(findings(mixed, *CHECKS)) == []


@both_ways
def test_a_column_of_three_storages_gets_another_type(mixed: Warehouse, pull: Pull) -> None:
    define(mixed, columns="id int, at timestamptz, value bigint")
    for name in NAMES:
        pull(mixed, first(), today_utc(), template="ticks", name=name)
    assert mixed.rows("SELECT DISTINCT pg_typeof(value)::text FROM public.ticks") == [("bigint",)]
    assert rows(mixed, "value") == ALL
    assert troubles(findings(mixed, *CHECKS)) == []


def test_a_template_of_three_storages_names_another_time_column(mixed: Warehouse, source: Source) -> None:
    source.run("ALTER TABLE ticks ADD seen timestamptz")
    source.run("UPDATE ticks SET seen = at")
    columns = "id int, at timestamptz, seen timestamptz"
    define(mixed, columns=columns, query=selecting("id, at, seen"))
    succeed(mixed, "backfill", "ticks", "--all", "--outdated")
    define(mixed, columns=columns, query=selecting("id, at, seen", "seen"), time_column="seen")
    mixed.run("CALL _wh.fit_storage('ticks')")
    succeed(mixed, "backfill", "ticks", "--all", "--outdated")
    assert rows(mixed, "seen") == ALL
    succeed(mixed, "verify", "ticks", "--all")
    assert troubles(findings(mixed, *CHECKS)) == []


def test_tenants_move_between_three_storages(mixed: Warehouse) -> None:
    for storage in ("plain", "partition", "matview", "plain", "matview", "partition"):
        succeed(mixed, "template", "set-storage", "ticks", storage)
        assert mixed.rows("SELECT DISTINCT storage FROM _wh.feeds") == [(storage,)]
        assert rows(mixed) == ALL
        for name in NAMES:
            succeed(mixed, "template", "drop-old", "ticks", "--tenant", name)
        assert succeed(mixed, "status", "--json").json["feeds"][0]["days"] == DAYS
    succeed(mixed, "refresh", "ticks", "--all")


def test_tenants_are_dropped_whatever_they_are_kept_in(mixed: Warehouse) -> None:
    for name in ("cafe", "brook"):
        succeed(mixed, "tenant", "drop", name, "--yes")
    assert kinds(mixed) == [("acme", "v"), ("public", "v")]
    assert mixed.rows("SELECT DISTINCT schema_name FROM public.ticks") == [("acme",)]


def test_a_template_of_three_storages_is_dropped_with_all_of_its_data(mixed: Warehouse) -> None:
    succeed(mixed, "template", "drop", "ticks", "--with-data", "--yes")
    assert kinds(mixed) == []


def test_the_program_knows_the_storages_that_it_brings(warehouse: Warehouse) -> None:
    assert warehouse.rows("SELECT storage, needs_time_column FROM _wh.storages ORDER BY storage") == [
        (name, traits.needs_time_column) for name, traits in sorted(BUILT_IN.items())
    ]
