"""Comments are the operators' and their catalog tools': they change nothing, and stay on what takes the place of a relation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import pytest

from tenantry.core.days import today_utc
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import succeed
from tests.support.samples.small_template import COLUMNS, INDEXES, QUERY, define, make_ticks

FIRST = date(2024, 1, 1)
DAYS = 366

SAID: LiteralString = "SELECT obj_description(%s::regclass, 'pg_class'), col_description(%s::regclass, (SELECT attnum FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'value'))"


def say(warehouse: Warehouse, kind: LiteralString, relation: LiteralString) -> None:
    """As a catalog tool does: of the relation, and of a column."""
    warehouse.run(f"COMMENT ON {kind} {relation} IS 'said by a tool'")
    warehouse.run(f"COMMENT ON COLUMN {relation}.value IS 'said of a column'")


def kept(warehouse: Warehouse, relation: str) -> bool:
    return warehouse.rows(SAID, (relation, relation, relation)) == [("said by a tool", "said of a column")]


def feed(acme: Warehouse, source: Source, storage: str, first: date, days: int) -> None:
    make_ticks(source, first, days, per_day=1)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    by_loader(acme, first, first + timedelta(days=days - 1), template="ticks")


def test_a_comment_on_the_running_year_does_not_make_it_folded(acme: Warehouse, source: Source) -> None:
    """The year came by a move: an open yearly table, whose days are those on record."""
    today = today_utc()
    first = max(today - timedelta(days=5), date(today.year, 1, 1))
    feed(acme, source, "partition", first, (today - first).days + 1)
    acme.run("CALL _wh.set_storage('ticks', 'matview', 'acme')")
    table: LiteralString = f'_wh_data."acme.ticks_{today.year}"'
    acme.run("UPDATE _wh.slices SET loaded_at = NULL WHERE slice_date = %s", (first,))
    before = succeed(acme, "status", "--json").json["feeds"]
    say(acme, "TABLE", table)
    after = succeed(acme, "status", "--json").json["feeds"]
    assert (after[0]["missing"], after[0]["years"]) == (before[0]["missing"], []) == (1, [])
    done = succeed(acme, "backfill", "ticks", "--tenant", "acme", "--json").json["load"]["feeds"][0]
    assert done["loaded"] == 1
    assert kept(acme, table)


def test_a_comment_on_a_table_that_is_to_be_indexed_leaves_it_so(acme: Warehouse, source: Source) -> None:
    make_ticks(source, FIRST, 3)
    define(
        acme, query=QUERY, indexes="CREATE UNIQUE INDEX {VIEW_NAME}_one ON {SCHEMA}.{VIEW_NAME} ((id > 0))"
    )
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    with pytest.raises(AssertionError):
        by_loader(acme, FIRST, FIRST + timedelta(days=1), template="ticks")
    say(acme, "TABLE", '_wh_data."acme.ticks_2024"')
    assert acme.value("SELECT state FROM _wh.feed_tables") == "unindexed"
    define(acme, indexes=INDEXES)
    day = FIRST + timedelta(days=2)
    by_sql(acme, day, day, template="ticks")
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.ticks_2024'") == 1
    assert acme.rows("SELECT FROM _wh.feed_tables") == []
    assert kept(acme, '_wh_data."acme.ticks_2024"')


def test_comments_survive_loads_that_replace_slices_and_views(acme: Warehouse, source: Source) -> None:
    feed(acme, source, "matview", FIRST, 2)
    relations: list[tuple[LiteralString, LiteralString]] = [
        ("MATERIALIZED VIEW", "acme.ticks_2024_01_01"), ("VIEW", "acme.ticks"), ("VIEW", "public.ticks")]  # fmt: skip
    for kind, relation in relations:
        say(acme, kind, relation)
    define(
        acme,
        columns=COLUMNS.replace("value int", "value int, more int"),
        query=QUERY.replace(" END\n", " END, 1\n"),
    )
    by_sql(acme, FIRST, FIRST + timedelta(days=1), template="ticks")
    assert [kept(acme, relation) for _, relation in relations] == [True] * 3
    define(acme)
    by_loader(acme, FIRST, FIRST + timedelta(days=1), template="ticks")
    assert acme.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 'ticks'") == 4 + 5
    assert [kept(acme, relation) for _, relation in relations] == [True] * 3


def test_a_view_that_somebody_commented_is_left_alone_and_one_that_somebody_replaced_is_written_again(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "matview", FIRST, 2)
    say(acme, "VIEW", "acme.ticks")
    version: LiteralString = "SELECT xmin::text FROM pg_rewrite WHERE ev_class = 'acme.ticks'::regclass"
    before = acme.value(version)
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert acme.value(version) == before
    acme.run(
        "CREATE OR REPLACE VIEW acme.ticks AS SELECT *, DATE '2024-01-01' AS day FROM acme.ticks_2024_01_01"
    )
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert acme.value("SELECT count(*) FROM acme.ticks") == 4 - 2
    assert kept(acme, "acme.ticks")


def test_comments_survive_the_folding_of_a_year_and_moves_between_storages(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "partition", FIRST, DAYS)
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2024)")
    names: list[LiteralString] = ["acme.ticks_2024", "acme.ticks", "public.ticks"]
    for relation in names:
        say(acme, "VIEW", relation)
    for storage in ("matview", "partition"):
        acme.run("CALL _wh.set_storage('ticks', %s, 'acme')", (storage,))
        assert [kept(acme, name) for name in names] == [True] * 3, storage
        assert succeed(acme, "status", "--json").json["feeds"][0]["years"] == [2024]
        acme.run("CALL _wh.drop_old_storage('ticks', 'acme')")
    assert acme.rows("SELECT state FROM _wh.feed_tables") == [("folded",)]


def test_a_table_that_was_dropped_and_made_again_by_hand_is_not_taken_for_the_folded_one(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "partition", FIRST, 2)
    acme.run(
        "INSERT INTO _wh.feed_tables SELECT 'acme', 'ticks', 'acme.ticks_2024', 'folded', NULL, '_wh_data.\"acme.ticks_2024\"'::regclass, _wh_internal.here()"
    )
    folded: LiteralString = "SELECT count(*) FROM _wh.feeds f, _wh_internal.folded_years(f)"
    assert acme.value(folded) == 1
    acme.run('DROP TABLE _wh_data."acme.ticks_2024" CASCADE')
    acme.run(
        "CREATE TABLE _wh_data.\"acme.ticks_2024\" PARTITION OF _wh_data.\"acme.ticks\" FOR VALUES FROM ('2024-01-01+0') TO ('2025-01-01+0')"
    )
    assert acme.value(folded) == 0
