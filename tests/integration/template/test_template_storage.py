"""The storage of a template that says none, and of its tenants."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.program import succeed

pytestmark = pytest.mark.any_server

QUERY: LiteralString = """SELECT f.id, f.logged_time AS at FROM phood_foodlogsum f
WHERE f.logged_time >= '{START_TIME}'::timestamptz AND f.logged_time < '{END_TIME}'::timestamptz"""
INSERT: LiteralString = (
    "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column{})"
    " VALUES ('ticks', %s, 'id int, at timestamptz', %s{})"
)


def kept(warehouse: Warehouse, name: str = "ticks") -> tuple[str, bool]:
    ((storage, chosen),) = warehouse.rows(
        "SELECT storage, storage_chosen FROM _wh.mv_templates WHERE template_name = %s", (name,)
    )
    return storage, chosen


def feeds(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.rows("SELECT schema_name, storage FROM _wh.feeds"))


@pytest.mark.parametrize("time, storage", [("at", "partition"), (None, "matview")])
def test_an_insert_that_says_no_storage_gets_partitions_if_it_has_a_time_column(
    warehouse: Warehouse, time: str | None, storage: str
) -> None:
    warehouse.run(INSERT.format("", ""), (QUERY, time))
    assert kept(warehouse) == (storage, False)


def test_a_storage_that_is_said_stays_and_one_that_is_not_follows_the_time_column(
    warehouse: Warehouse,
) -> None:
    warehouse.run(INSERT.format(", storage", ", 'matview'"), (QUERY, "at"))
    assert kept(warehouse) == ("matview", True)
    warehouse.run("UPDATE _wh.mv_templates SET time_column = NULL WHERE template_name = 'ticks'")
    warehouse.run("UPDATE _wh.mv_templates SET time_column = 'at' WHERE template_name = 'ticks'")
    assert kept(warehouse) == ("matview", True)
    warehouse.run("UPDATE _wh.mv_templates SET storage = NULL WHERE template_name = 'ticks'")
    assert kept(warehouse) == ("partition", False)
    warehouse.run("UPDATE _wh.mv_templates SET time_column = NULL WHERE template_name = 'ticks'")
    assert kept(warehouse) == ("matview", False)
    warehouse.run(
        INSERT.format(", storage", ", 'matview'")
        + " ON CONFLICT (template_name) DO UPDATE SET storage = excluded.storage",
        (QUERY, "at"),
    )
    assert kept(warehouse) == ("matview", True)


def test_a_file_that_says_no_storage_keeps_what_was_said_before(warehouse: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "ticks.sql"
    rest = f"-- time_column: at\n-- columns: id int, at timestamptz\n-- index: UNIQUE (id)\n\n{QUERY}\n"
    for header, expected in (
        ("", ("partition", False)),
        ("-- storage: partition\n", ("partition", True)),
        ("", ("partition", True)),
        ("-- storage: matview\n", ("matview", True)),
        ("", ("matview", True)),
    ):
        file.write_text(f"-- name: ticks\n{header}{rest}")
        succeed(warehouse, "template", "load", str(file))
        assert kept(warehouse) == expected
    shown = succeed(warehouse, "template", "show", "ticks").out
    assert "-- storage: matview" in shown
    warehouse.run("UPDATE _wh.mv_templates SET storage = NULL WHERE template_name = 'ticks'")
    assert "-- storage" not in succeed(warehouse, "template", "show", "ticks").out


def test_a_tenant_is_added_in_partitions_and_the_manuals_own_functions_make_daily_views(
    acme: Warehouse, source: Source, today: date
) -> None:
    """The manual goes on to name the view of a day. Once somebody has chosen a storage, it is everybody's."""
    day = today - timedelta(days=1)
    source.fill(day, 1)
    address = f"host=127.0.0.1 port={source.server.port} dbname={source.name} user={source.reader}"
    added = succeed(
        acme, "tenant", "add", "globex", "--source", address, "--from", str(day), "--no-schedule",
        env={"TENANTRY_SOURCE_PASSWORD": source.password},
    )  # fmt: skip
    assert feeds(acme) == {"globex": "partition"}
    assert added.code == 0
    load: LiteralString = "SELECT _wh.create_mv_from_template('foodlogstats', 'acme', %s, %s)"
    for name in ("brook", "creek"):
        acme.make_schema(name)
    acme.run(load, ("acme", day))
    assert acme.value(
        "SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme' AND matviewname = %s",
        (f"foodlogstats_{day:%Y_%m_%d}",),
    )
    acme.run("CALL _wh.refresh_window('foodlogstats', 'acme', 'brook', 1)")
    acme.run("CALL _wh.set_storage('foodlogstats', 'partition')")
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'creek', %s)", (day,))
    assert set(feeds(acme).values()) == {"partition"}
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert acme.value("SELECT count(DISTINCT schema_name) FROM public.foodlogstats") == 4


def test_an_upgrade_changes_the_storage_of_no_template(warehouse: Warehouse) -> None:
    """As before 0023: every template had a storage, matview unless said otherwise."""
    warehouse.run(
        "ALTER TABLE _wh.mv_templates DROP COLUMN storage_chosen, ALTER COLUMN storage SET DEFAULT 'matview';"
        " DROP TRIGGER choose_storage ON _wh.mv_templates; DROP TRIGGER follow_time_column ON _wh.mv_templates;"
        " UPDATE _wh.mv_templates SET storage = 'matview';"
        " DELETE FROM _wh.migrations WHERE name = 'storage_chosen'"
    )
    succeed(warehouse.admin, "upgrade")
    assert kept(warehouse, "foodlogstats") == ("matview", True)
    assert "-- storage: matview" in succeed(warehouse, "template", "show", "foodlogstats").out
