"""What reports read is the same in both storages: names, kinds, columns, types and comments, as report tools ask for them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.samples.small_template import define, make_ticks

FIRST = date(2024, 1, 1)

LAST = FIRST + timedelta(days=1)

DAYS: LiteralString = r"_\d{4}_\d\d_\d\d$"
"""The names of matview storage's daily views, which operators know by the manual, and which stay with the tenant."""

AS_SQLALCHEMY_ASKS: LiteralString = r"""
SELECT n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname IN ('public', 'acme', 'globex') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT (c.relkind = 'm' AND c.relname ~ %s)
ORDER BY n.nspname, c.relname, a.attnum
"""

AS_JDBC_ASKS: LiteralString = r"""
SELECT t.table_schema, t.table_name, t.table_type, c.column_name, c.ordinal_position, c.data_type, c.is_nullable
FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
WHERE t.table_schema IN ('public', 'acme', 'globex') AND t.table_name !~ %s
ORDER BY 1, 2, 5
"""


def told(warehouse: Warehouse) -> tuple[list[tuple[object, ...]], ...]:
    """What the reader of reports is told."""
    return tuple(warehouse.reader.rows(asked, (DAYS,)) for asked in (AS_SQLALCHEMY_ASKS, AS_JDBC_ASKS))


def two_tenants(warehouse: Warehouse, source: Source) -> None:
    """Tenants acme and globex with two days of two templates, which are described."""
    make_ticks(source, FIRST, 2)
    for template in ("ticks", "tocks"):
        define(warehouse, template)
    warehouse.run(
        "UPDATE _wh.mv_templates SET description = 'Of a clock', column_descriptions = '{\"at\": \"when\"}'"
        " WHERE template_name <> 'foodlogstats'"
    )
    for tenant in ("acme", "globex"):
        if tenant != "acme":
            warehouse.connect_to(source, tenant)
            warehouse.make_schema(tenant)
        for template in ("ticks", "tocks"):
            by_loader(warehouse, FIRST, LAST, template=template, name=tenant)


def test_reports_find_the_same_in_both_storages_before_and_after_a_move(
    acme: Warehouse, source: Source
) -> None:
    two_tenants(acme, source)
    before = told(acme)
    assert {(row[0], row[1], row[2]) for row in before[0]} == {
        (schema, template, "v") for schema in ("public", "acme", "globex") for template in ("ticks", "tocks")
    } | {("public", "tenantry_freshness", "v")}
    for storage in ("partition", "matview"):
        for template in ("ticks", "tocks"):
            for tenant in ("acme", "globex"):
                acme.run("CALL _wh.set_storage(%s, %s, %s)", (template, storage, tenant))
                if storage == "partition":
                    acme.run("CALL _wh.drop_old_storage(%s, %s)", (template, tenant))
        assert told(acme) == before, storage


def test_reports_find_the_same_whichever_storage_a_template_begins_in(
    acme: Warehouse, source: Source
) -> None:
    two_tenants(acme, source)
    before = told(acme)
    for template in ("ticks", "tocks"):
        for tenant in ("acme", "globex"):
            acme.run("SELECT _wh_internal.drop_feed(%s, %s, 1000)", (template, tenant))
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    for template in ("ticks", "tocks"):
        for tenant in ("acme", "globex"):
            by_loader(acme, FIRST, LAST, template=template, name=tenant)
    assert told(acme) == before


def test_a_template_named_like_a_year_of_another_one_keeps_its_view(acme: Warehouse, source: Source) -> None:
    make_ticks(source, FIRST, 2)
    for template in ("ticks_2023", "ticks"):
        define(acme, template)
        by_loader(acme, FIRST, LAST, template=template)
    assert acme.reader.value("SELECT count(*) FROM acme.ticks_2023") == 4


def test_a_view_that_somebody_named_like_a_folded_year_stays(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2023, 1, 1), 365, per_day=1)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    by_loader(acme, date(2023, 1, 1), date(2023, 12, 31), template="ticks")
    acme.run("CREATE VIEW acme.ticks_2023 AS SELECT 'mine' AS whose")
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    assert acme.reader.rows("SELECT * FROM acme.ticks_2023") == [("mine",)]
    acme.run("DROP VIEW acme.ticks_2023")
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert acme.reader.value("SELECT count(*) FROM acme.ticks_2023") == 365
