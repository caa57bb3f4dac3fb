"""A warehouse that was dumped and restored, or that an older version made: nothing is lost, and nothing pulled for nothing."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from typing import LiteralString

import pytest
from psycopg import sql

from tenantry.db import upgrade
from tenantry.db.connect import session
from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.psql import psql
from tests.support.samples.older_layout import restore
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 1)
LAST = date(2024, 12, 31)

STATES: LiteralString = "SELECT table_name, state FROM _wh.feed_tables ORDER BY 1"


@pytest.fixture
def two(acme: Warehouse, source: Source) -> Warehouse:
    """`ticks` in partitions, a year that is folded; `marks` in materialized views, five days of it."""
    make_ticks(source, FIRST, 366, per_day=1)
    define(acme, "marks")
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    by_loader(acme, FIRST, LAST, template="ticks")
    by_sql(acme, FIRST, date(2024, 1, 5), template="marks")
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2024)")
    return acme


def restored(server: Server, maker: Maker, warehouse: Warehouse) -> Warehouse:
    """The warehouse's dump in another database; what fails there, such as to refresh a slice, is left out."""
    dump = subprocess.run(
        [server.program("pg_dump"), warehouse.admin.conninfo],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    ).stdout
    elsewhere = Warehouse(server, maker.clone("template0", "restored"), "whadmin")
    with elsewhere.admin.connect() as opened:
        opened.execute(
            sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO whadmin").format(
                sql.Identifier(elsewhere.name)
            )
        )
    done = psql(elsewhere.admin, text=dump)
    assert done.returncode == 0, done.stderr
    return elsewhere


def test_a_dump_that_was_restored_without_its_source_says_what_is_there(
    server: Server, maker: Maker, two: Warehouse, source: Source, today: date
) -> None:
    source.run("ALTER TABLE ticks RENAME TO away")
    there = restored(server, maker, two)
    marks, ticks = succeed(there, "status", "--json").json["feeds"]
    yesterday = today - timedelta(days=1)
    assert (marks["rows"], marks["missing"]) == (0, (today - FIRST).days)
    assert (ticks["rows"], ticks["missing"], ticks["years"]) == (366, (today - FIRST).days - 366, [2024])
    found = run(there, "doctor", "--only", "slices", "--json").json["findings"]
    assert [(item["subject"], item["reason"]) for item in found] == [
        ("acme.marks", f"2024-01-01 to {yesterday} are missing"),
        ("acme.ticks", f"2025-01-01 to {yesterday} are missing"),
    ]
    # Whoever loads next notes what was found: also that a table of this name is the folded one here.
    there.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert (
        there.value(
            "SELECT count(*) FROM _wh.slices WHERE template_name = 'ticks' AND filenode = pg_relation_filenode('_wh_data.\"acme.ticks_2024\"')"
        )
        == 366
    )
    assert there.rows(STATES) == [("acme.ticks_2024", "folded")]
    source.run("ALTER TABLE away RENAME TO ticks")
    for template, loaded in (("ticks", 0), ("marks", 5)):
        span = ("--from", FIRST, "--to", "2024-01-05")
        (done,) = succeed(there, "backfill", template, "--tenant", "acme", *span, "--json").json["load"][
            "feeds"
        ]
        assert done["loaded"] == loaded
    assert there.value("SELECT count(*) FROM public.marks") == 5


def made_older(warehouse: Warehouse) -> None:
    """As the version before kept it: in comments, and records bound to nothing."""
    for name in ("acme.marks", "public.marks"):
        warehouse.admin.run(
            f"DO $$BEGIN EXECUTE format('COMMENT ON VIEW {name} IS %L', 'Tenantry ' || (SELECT body_hash FROM _wh.published_views"
            f" WHERE schema_name || '.' || view_name = '{name}')); END$$"
        )
    restore(warehouse)
    warehouse.run("COMMENT ON TABLE acme.ticks_2024 IS 'Tenantry: combined'")
    warehouse.run("COMMENT ON TABLE public.ticks IS 'Tenantry: ticks of all tenants'")
    warehouse.run("COMMENT ON TABLE acme.ticks IS 'said by a person'")
    warehouse.run("DROP TABLE _wh.feed_tables, _wh.published_views")
    warehouse.run("ALTER TABLE _wh.slices DROP COLUMN filenode")
    warehouse.run("DELETE FROM _wh.migrations WHERE version = 7")


def test_an_upgrade_takes_over_what_stood_in_comments_and_pulls_nothing_again(
    two: Warehouse, today: date
) -> None:
    two.run("UPDATE _wh.slices SET digest = '1:1:5'")
    rules: LiteralString = "SELECT ev_class::regclass, xmin FROM pg_rewrite WHERE ev_class::regclass::text IN ('acme.marks', 'marks') ORDER BY 1"
    before = two.rows(rules)
    made_older(two)
    with session(two.admin.conninfo, role=None) as admin:
        upgrade.run(admin, {})
    assert two.rows(STATES) == [("acme.ticks_2024", "folded")]
    assert two.rows(
        "SELECT objoid::regclass::text, description FROM pg_description WHERE classoid = 'pg_class'::regclass"
        " AND objoid::regclass::text ~ '^(acme.)?(ticks|marks)'"
    ) == [("acme.ticks", "said by a person")]
    marks, ticks = succeed(two, "status", "--json").json["feeds"]
    days = (today - FIRST).days
    assert (marks["rows"], marks["missing"]) == (5, days - 5)
    assert (ticks["rows"], ticks["missing"]) == (366, days - 366)
    for template in ("ticks", "marks"):
        span = ("--from", FIRST, "--to", "2024-01-05")
        (done,) = succeed(two, "backfill", template, "--tenant", "acme", *span, "--json").json["load"][
            "feeds"
        ]
        assert done["loaded"] == 0
    # The views say what they said, and are left alone; the records are bound, and what the source said of the rows still holds.
    assert two.rows(rules) == before
    assert two.value("SELECT count(*) FROM _wh.slices WHERE filenode IS NOT NULL AND digest = '1:1:5'") == 371
