-- Days that 5_swap.sql replaced go, and the days in their places get the names of their indexes. Run as
-- the administrator, not in a transaction block. No report reads what is dropped, or waits for the rest.
DO $$
DECLARE
    batch oid[];
    statement text;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        SELECT array_agg(p.relid) INTO batch FROM (SELECT p.relid FROM _wh_adopt.copies p WHERE p.replaced ORDER BY p.relid LIMIT 100) p;
        EXIT WHEN batch IS NULL;
        FOR statement IN
            WITH days AS (
                SELECT o.oid AS old, n.nspname, f.oid AS fresh
                FROM _wh_adopt.copies p JOIN pg_class o ON o.oid = p.relid JOIN pg_class f ON f.oid = p.fresh
                JOIN pg_namespace n ON n.oid = o.relnamespace
                -- whadmin fills that table: it may not name what belongs to others.
                WHERE p.relid = ANY (batch) AND o.relname = 'tenantry_old_' || o.oid AND o.relkind = 'm'
                    AND o.relowner = 'whadmin'::regrole AND f.relowner = 'whadmin'::regrole AND o.relnamespace = f.relnamespace
            )
            SELECT s.statement FROM (
                SELECT 1 AS n, format('DROP MATERIALIZED VIEW %s', d.old::regclass) AS statement FROM days d
                UNION ALL
                SELECT 2, format('ALTER INDEX %I.%I RENAME TO %I', d.nspname, c.relname, o.relname)
                FROM days d JOIN pg_index i ON i.indrelid = d.old AND i.indisvalid JOIN pg_class o ON o.oid = i.indexrelid
                JOIN pg_index j ON j.indrelid = d.fresh
                JOIN pg_class c ON c.oid = j.indexrelid AND c.relname = 'tenantry_new_' || i.indexrelid) s
            ORDER BY s.n
        LOOP
            EXECUTE statement;
        END LOOP;
        DELETE FROM _wh_adopt.copies p WHERE p.relid = ANY (batch);
        COMMIT;
    END LOOP;
END
$$;
