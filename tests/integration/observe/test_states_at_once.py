"""What is told of all feeds at once is what is told of each, whatever was done to a feed: days by feed_states, recent_days
and template_outdated (day_states), and tables by unfit_feeds (unfit_relations).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

ONE_BY_ONE: LiteralString = """
SELECT f.schema_name, least(f.first_day, min(p.day) FILTER (WHERE p.present)), max(p.day) FILTER (WHERE p.present),
    count(*) FILTER (WHERE p.present),
    coalesce(array_agg(DISTINCT extract(year FROM p.day)::integer) FILTER (WHERE p.folded), '{}'),
    coalesce(sum(x.row_count) FILTER (WHERE p.present), 0), count(*) FILTER (WHERE p.missing),
    count(*) FILTER (WHERE p.failed), count(*) FILTER (WHERE p.stale), count(*) FILTER (WHERE p.outdated)
FROM _wh.feeds f LEFT JOIN LATERAL _wh_internal.day_states(f) p ON true
LEFT JOIN _wh.slices x ON x.schema_name = f.schema_name AND x.template_name = f.template_name AND x.slice_date = p.day
GROUP BY f.schema_name, f.template_name, f.first_day ORDER BY 1
"""
AT_ONCE: LiteralString = (
    "SELECT schema_name, first_day, last_day, days, years, rows, missing, failed, stale, outdated"
    " FROM _wh_internal.feed_states() ORDER BY 1"
)
RECENT_ONE_BY_ONE: LiteralString = """
SELECT f.schema_name, string_agg(CASE WHEN d.failed THEN 'f' WHEN d.missing THEN 'm' WHEN d.stale THEN 's'
    WHEN d.outdated THEN 'o' WHEN d.present AND d.folded THEN 'z' WHEN d.present THEN 'l' ELSE '.' END, ''
    ORDER BY d.day)
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.day_states(f, _wh.current_date_utc() - 799, _wh.current_date_utc()) d
GROUP BY f.schema_name ORDER BY 1
"""
RECENT: LiteralString = "SELECT schema_name, letters FROM _wh_internal.recent_days(800) ORDER BY 1"

OUTDATED_ONE_BY_ONE: LiteralString = """
SELECT f.schema_name, count(*), min(d.day), max(d.day) FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.day_states(f) d
WHERE d.outdated GROUP BY f.schema_name ORDER BY 1
"""
OUTDATED: LiteralString = (
    "SELECT tenant, days, first, last FROM _wh_internal.template_outdated('ticks') WHERE days > 0 ORDER BY 1"
)
UNFIT_ONE_BY_ONE: LiteralString = (
    "SELECT f.schema_name, u.kind, u.relname, u.slice_date FROM _wh.feeds f"
    " CROSS JOIN LATERAL _wh_internal.unfit_relations(f) u ORDER BY 1, 2, 3, 4"
)
UNFIT: LiteralString = (
    "SELECT schema_name, kind, relname, slice_date FROM _wh_internal.unfit_feeds(NULL) ORDER BY 1, 2, 3, 4"
)
PAIRS = (
    (ONE_BY_ONE, AT_ONCE),
    (RECENT_ONE_BY_ONE, RECENT),
    (OUTDATED_ONE_BY_ONE, OUTDATED),
    (UNFIT_ONE_BY_ONE, UNFIT),
)

OF_ACME: LiteralString = " WHERE schema_name = 'acme' AND slice_date = %(day)s"
ANY_STORAGE: list[LiteralString] = [
    "UPDATE _wh.slices SET loaded_at = %(day)s::timestamp AT TIME ZONE 'UTC' + interval '23:59:59.999999'"
    + OF_ACME,
    "UPDATE _wh.slices SET loaded_at = (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'" + OF_ACME,
    "UPDATE _wh.slices SET definition_hash = 'another'" + OF_ACME,
    "UPDATE _wh.slices SET status = 'failed', error = 'no'" + OF_ACME,
    "UPDATE _wh.slices SET status = 'failed', loaded_at = NULL, filenode = NULL" + OF_ACME,
    "UPDATE _wh.slices SET loaded_at = NULL, filenode = NULL, definition_hash = NULL" + OF_ACME,
    "UPDATE _wh.slices SET filenode = 1" + OF_ACME,
    "DELETE FROM _wh.slices" + OF_ACME,
    (
        "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, error, failed_at)"
        " VALUES ('acme', 'ticks', %(day)s::date - 500, 'failed', 'no', now())"
    ),
    "UPDATE _wh.feeds SET first_day = %(day)s WHERE schema_name = 'acme'",
    "UPDATE _wh.feeds SET first_day = %(day)s::date - 30 WHERE schema_name = 'acme'",
    "UPDATE _wh.feeds SET first_day = current_date + 5 WHERE schema_name = 'acme'",
    "UPDATE _wh.mv_templates SET query_template = query_template || ' ' WHERE template_name = 'ticks'",
    "DELETE FROM _wh.slices WHERE schema_name = 'acme'",
]
OF_STORAGE: dict[str, list[str]] = {
    "matview": [
        "DROP MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} CASCADE",
        "REFRESH MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} WITH NO DATA",
        "CREATE MATERIALIZED VIEW acme.ticks_2001_01_01 AS SELECT 1 AS one",
        "CREATE TABLE acme.ticks_{last_year} AS SELECT * FROM acme.ticks LIMIT 0",
        "CREATE TABLE acme.ticks_{year} AS SELECT * FROM acme.ticks",
    ],
    "partition": [
        "VACUUM FULL {leaf}",
        "TRUNCATE {leaf}",
        "DROP TABLE {leaf} CASCADE",
        (
            "DO $$ BEGIN EXECUTE (SELECT string_agg('DROP INDEX ' || i.indexrelid::regclass, '; ')"
            " FROM pg_index i WHERE i.indrelid = '{leaf}'::regclass); END $$"
        ),
        "CREATE INDEX one_more ON {leaf} (value)",
        "CREATE INDEX tenantry_acme ON {leaf} (at)",
        (
            "UPDATE _wh.mv_templates SET indexes = indexes || ';CREATE INDEX {{VIEW_NAME}}_at ON {{SCHEMA}}.{{VIEW_NAME}} (at)'"
            " WHERE template_name = 'ticks'"
        ),
        (
            "UPDATE _wh.mv_templates SET indexes = indexes || ';CREATE INDEX {{VIEW_NAME}}_x ON {{SCHEMA}}.{{VIEW_NAME}}"
            " ((value::text || ''{{SCHEMA}}''))' WHERE template_name = 'ticks'"
        ),
        (
            "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz, value int, more int'"
            " WHERE template_name = 'ticks'"
        ),
        "UPDATE _wh.mv_templates SET column_definitions = 'id bigint, at timestamp, value int' WHERE template_name = 'ticks'",
        "CREATE TABLE acme.ticks_{last_year} AS SELECT * FROM acme.ticks LIMIT 0",
    ],
}


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_all_feeds_at_once_have_the_states_that_each_has(
    acme: Warehouse, source: Source, today: date, storage: str
) -> None:
    first = today - timedelta(days=5)
    make_ticks(source, first, 6)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for tenant in ("acme", "bolt", "cork"):
        if tenant != "acme":
            acme.connect_to(source, tenant)
        acme.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
        if tenant != "cork":
            acme.run(
                "SELECT _wh.update_mv_window_by_template('ticks', %s, %s, %s, %s)",
                (tenant, tenant, first, today),
            )
    acme.run("SELECT _wh_internal.open_feed('ticks', 'cork', 'cork')")
    _compare(acme, "as it was loaded")
    day = first + timedelta(days=2)
    leaf = ""
    if storage == "partition":
        leaf = acme.value(
            "SELECT r.relid::regclass::text FROM _wh.feeds f, _wh_internal.storage_relations(f) r"
            " WHERE f.schema_name = 'acme' AND %s::date BETWEEN r.first_day AND r.last_day",
            (day,),
        )
    names = {"day": day, "leaf": leaf, "year": day.year, "last_year": day.year - 1}
    for statement in OF_STORAGE[storage] + list(ANY_STORAGE):
        with acme.connect() as session:
            if statement.startswith("VACUUM"):
                session.execute(statement.format(**names).encode())
                _compare(acme, statement)
                continue
            with session.transaction(force_rollback=True):
                session.execute(
                    statement.format(**names).encode(), {"day": day} if "%(" in statement else None
                )
                for one, other in PAIRS:
                    assert session.execute(other).fetchall() == session.execute(one).fetchall(), statement


def _compare(warehouse: Warehouse, done: str) -> None:
    for one, other in PAIRS:
        assert warehouse.rows(other) == warehouse.rows(one), done
