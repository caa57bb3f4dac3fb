"""A template changes while its tenants share a table: what two sessions do at once, and what reports of others notice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import LiteralString

import pytest

from tenantry.core.days import today_utc
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_sql
from tests.support.program import succeed
from tests.support.samples.healthy import findings, troubles
from tests.support.samples.small_template import COLUMNS, INDEXES, define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAYS = 3
NAMES = ("acme", "brook")
LOAD: LiteralString = "SELECT _wh.update_mv_by_template('ticks', %(name)s, %(name)s, %(day)s)"
FIT: LiteralString = "CALL _wh.fit_storage('ticks')"
ON_VALUE = "; CREATE INDEX {VIEW_NAME}_value ON {SCHEMA}.{VIEW_NAME} (value)"
WIDER: LiteralString = (
    "SELECT id, at, value::int, 7 FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
)
WAITING: LiteralString = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def first() -> date:
    return today_utc() - timedelta(days=DAYS - 1)


@pytest.fixture
def storage() -> str:
    """The storage in which the tenants share a table, unless a test tries both."""
    return "shared"


@pytest.fixture
def shop(request: pytest.FixtureRequest, storage: str, source: Source) -> Warehouse:
    """Tenants acme and brook share a table, with all days and an index that the template may lose."""
    warehouse: Warehouse = request.getfixturevalue("on_cluster" if storage == "distributed" else "warehouse")
    make_ticks(source, first(), DAYS)
    define(
        warehouse, indexes=INDEXES + "; CREATE INDEX {VIEW_NAME}_at_value ON {SCHEMA}.{VIEW_NAME} (at, value)"
    )
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for name in NAMES:
        warehouse.connect_to(source, name)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
        by_sql(warehouse, first(), today_utc(), template="ticks", name=name)
    return warehouse


CHANGES: dict[str, dict[str, LiteralString]] = {
    "a new index and one less": {"indexes": INDEXES + ON_VALUE},
    "a new column": {"columns": f"{COLUMNS}, seven int", "query": WIDER},
    "another type": {"columns": COLUMNS.replace("value int", "value bigint")},
    "a new column with a collation": {
        "columns": f'{COLUMNS}, seven text COLLATE "C"',
        "query": WIDER.replace("7 FROM", "'7' FROM"),
    },
    "a column less": {
        "columns": COLUMNS.replace(", value int", ""),
        "query": "SELECT id, at FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
        "indexes": INDEXES,
    },
}


@pytest.mark.parametrize("storage", ["shared", "distributed"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("both", ["load", "fit"])
def test_two_at_once_meet_a_changed_template_and_both_succeed(
    shop: Warehouse, storage: str, change: str, both: str
) -> None:
    define(shop, **CHANGES[change])
    with ThreadPoolExecutor() as pool, shop.connect() as holder:
        # Both begin while a load holds the day's table.
        holder.execute("BEGIN")
        holder.execute(
            f'LOCK TABLE _wh_data."public.tenantry_{storage}_ticks" IN ROW EXCLUSIVE MODE'.encode()
        )
        calls = [
            pool.submit(shop.run, *((LOAD, {"name": name, "day": today_utc()}) if both == "load" else (FIT,)))
            for name in NAMES
        ]
        if both == "fit" and change != "a column less":
            wait_until(lambda: shop.admin.value(WAITING) is True)
        holder.execute("COMMIT")
        for call in calls:
            call.result(timeout=120)
    succeed(shop, "backfill", "ticks", "--all", "--outdated")
    assert shop.rows("SELECT message FROM _wh.function_logs WHERE log_level = 'ERROR'") == []
    assert troubles(findings(shop, "views", "slices", "records", "templates")) == []
    assert shop.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        (name, 2 * DAYS) for name in NAMES
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_reports_of_all_go_on_while_a_slow_source_answers_the_first_load_of_a_changed_template(
    shop: Warehouse, source: Source, change: str
) -> None:
    define(shop, **CHANGES[change])
    with ThreadPoolExecutor() as pool, source.connect() as busy:
        busy.execute("BEGIN; LOCK TABLE ticks IN ACCESS EXCLUSIVE MODE")
        load = pool.submit(shop.run, LOAD, {"name": "acme", "day": today_utc()})  # type: ignore[arg-type]
        wait_until(lambda: source.value(WAITING) is True)
        with shop.reader.connect() as report:
            report.execute("SET lock_timeout = '100ms'")
            assert report.execute("SELECT count(*) FROM public.ticks").fetchone() == (2 * 2 * DAYS,)
        busy.execute("COMMIT")
        load.result(timeout=120)


def test_a_tenant_moves_to_a_table_that_lacks_its_new_column(shop: Warehouse, storage: str) -> None:
    succeed(shop, "template", "set-storage", "ticks", "partition", "--tenant", "acme")
    define(shop, **CHANGES["a new column"])
    by_sql(shop, first(), today_utc(), template="ticks", name="acme")
    succeed(shop, "template", "set-storage", "ticks", storage, "--tenant", "acme")
    assert shop.rows("SELECT schema_name, count(seven) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 2 * DAYS),
        ("brook", 0),
    ]


@pytest.mark.parametrize("storage", ["shared", "distributed"])
def test_a_column_of_a_table_that_tenants_share_changes_its_collation(shop: Warehouse, storage: str) -> None:
    query = WIDER.replace("7 FROM", "'7' FROM")
    for clause in ("", ' COLLATE "C"', ' COLLATE "POSIX"'):
        define(shop, columns=f"{COLUMNS}, seven text{clause}", query=query)
        by_sql(shop, first(), today_utc(), template="ticks", name="acme")
        assert shop.rows(
            "SELECT DISTINCT pg_collation_for(seven) FROM public.ticks WHERE schema_name = 'acme'"
        ) == [(clause.removeprefix(" COLLATE ") or '"default"',)]
