"""Adding a tenant of any business: which template, tried at the source before anything is made, and up to which day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.databases import SECRET, Source, Warehouse
from tests.support.program import address, run, succeed
from tests.support.samples.businesses import open_shop
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

WITH_PASSWORD = {"TENANTRY_SOURCE_PASSWORD": SECRET}


def made(warehouse: Warehouse) -> list[str]:
    """What a warehouse holds that was not installed."""
    return [
        row[0]
        for row in warehouse.rows(
            "SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^(pg_|_wh)'"
            " AND nspname NOT IN ('public', 'cron', 'information_schema')"
            " UNION ALL SELECT 'connection ' || tenant_name FROM _wh.tenant_connections"
            " UNION ALL SELECT 'server ' || srvname FROM pg_foreign_server"
            " UNION ALL SELECT 'tenant ' || schema_name FROM _wh.tenants"
            " UNION ALL SELECT 'feed ' || schema_name FROM _wh.feeds"
            " UNION ALL SELECT 'template ' || template_name FROM _wh.mv_templates"
            " WHERE template_name <> 'foodlogstats' ORDER BY 1"
        )
    ]


def test_a_template_that_does_not_fit_the_source_leaves_nothing_behind(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    open_shop(source, "flights", today - timedelta(days=3), 3)
    done = run(warehouse, "tenant", "add", "newark", "--source", address(source), env=WITH_PASSWORD)
    assert done.code == 1
    (error,) = done.errors
    assert (
        'template "foodlogstats" does not fit the source: relation "phood_foodlogsum" does not exist' in error
    )
    assert "address" not in done.err
    assert "tenantry start" in done.err
    assert "Nothing was created" in done.err
    assert made(warehouse) == []
    assert "foodlogstats" not in run(warehouse, "doctor").out


def test_the_only_template_is_taken_and_a_choice_is_asked_for(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    make_ticks(source, today - timedelta(days=2), 3)
    define(warehouse)
    add = ("tenant", "add", "acme", "--source", address(source))
    asked = run(warehouse, *add, env=WITH_PASSWORD)
    assert (asked.code, asked.errors) == (
        2,
        ["there are 2 templates, and none was chosen: foodlogstats, ticks"],
    )
    assert "--template NAME" in asked.err
    succeed(warehouse, "template", "drop", "foodlogstats", "--yes")
    done = succeed(warehouse, *add, "--json", env=WITH_PASSWORD)
    assert [feed["template"] for feed in done.json["load"]["feeds"]] == ["ticks"]


def test_a_tenant_is_added_up_to_a_day(warehouse: Warehouse, source: Source, today: date) -> None:
    make_ticks(source, today - timedelta(days=40), 41)
    define(warehouse)
    last = today - timedelta(days=30)
    words = ("tenant", "add", "acme", "--template", "ticks", "--source", address(source))
    wrong = run(warehouse, *words, "--from", today, "--to", last, env=WITH_PASSWORD)
    assert (wrong.code, made(warehouse)) == (2, ["template ticks"])
    done = succeed(warehouse, *words, "--to", last, "--json", env=WITH_PASSWORD).json
    assert done["jobs"] == []
    assert warehouse.value("SELECT max(at AT TIME ZONE 'UTC')::date FROM acme.ticks") == last
    # The same command without --to loads the rest.
    assert succeed(warehouse, *words, "--json", env=WITH_PASSWORD).json["jobs"] != []
    assert warehouse.value("SELECT count(*) FROM acme.ticks") == source.value("SELECT count(*) FROM ticks")


def test_the_empty_years_of_a_source_that_has_stopped_are_one_line(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    make_ticks(source, date(today.year - 3, 3, 1), 2)
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    done = succeed(
        warehouse, "tenant", "add", "acme", "--template", "ticks", "--source", address(source),
        env=WITH_PASSWORD,
    )  # fmt: skip
    assert [line for line in done.err.splitlines() if line.startswith("✓ year")] == [
        f"✓ year  acme.ticks {today.year - 3}: {366 if (today.year - 3) % 4 == 0 else 365} slices, 4 rows in one table",
        f"✓ year  acme.ticks: 2 years without rows folded: {today.year - 2} to {today.year - 1}",
    ]
