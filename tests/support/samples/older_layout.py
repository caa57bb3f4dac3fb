"""A feed's tables as versions before 0.2 kept them: in the tenant's schema and in public, where reports read them themselves."""

from __future__ import annotations

from tests.support.databases import Warehouse

_BACK = """
DO $$
DECLARE
    item record;
    index record;
BEGIN
    FOR item IN SELECT c.oid::regclass AS relation, c.relname::text AS name, split_part(c.relname, '.', 1) AS place,
            split_part(c.relname, '.', 2) AS old, c.relkind
        FROM pg_class c WHERE c.relnamespace = '_wh_data'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
    LOOP
        IF to_regclass(format('%I.%I', item.place, item.old)) IS NOT NULL THEN
            EXECUTE format('DROP VIEW %I.%I CASCADE', item.place, item.old);
        END IF;
        FOR index IN SELECT i.indexrelid::regclass AS index, replace(c.relname, item.place || '.', '') AS old FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = item.relation LOOP
            EXECUTE format('ALTER INDEX %s RENAME TO %I', index.index, index.old);
        END LOOP;
        EXECUTE format('ALTER TABLE %s RENAME TO %I', item.relation, item.old);
        EXECUTE format('ALTER TABLE %s SET SCHEMA %I', item.relation, item.place);
        EXECUTE format('GRANT SELECT ON %s TO phood_ro', item.relation);
        UPDATE _wh.feed_tables SET table_name = item.old WHERE table_name = item.name;
    END LOOP;
END
$$;
DELETE FROM _wh.published_views;
"""


def restore(warehouse: Warehouse) -> None:
    """Put every table back to where an older version made it. Views over tables of years go; loads make the tenants' again."""
    warehouse.run(_BACK)
