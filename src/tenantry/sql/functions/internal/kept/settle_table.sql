CREATE OR REPLACE FUNCTION _wh_internal.settle_table(relation regclass, tenant text, kept_name text)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Move a table to _wh_data under another name, with its indexes, which get new names, too: the template's
-- are named as for a new table, others after the tenant.
DECLARE
    index record;
BEGIN
    FOR index IN
        SELECT i.indexrelid::regclass AS index, coalesce(
            (SELECT _wh_internal.fit_name(_wh_internal.fill_in(t.index_name, tenant, kept_name))
            FROM _wh.template_indexes t
            WHERE _wh_internal.fit_name(_wh_internal.fill_in(t.index_name, tenant, r.relname)) = c.relname
            LIMIT 1),
            _wh_internal.fit_name(_wh_internal.kept_base(tenant, c.relname))) AS name
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid
        WHERE i.indrelid = relation ORDER BY i.indexrelid
    LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', index.index, index.name);
    END LOOP;
    EXECUTE format('ALTER TABLE %s RENAME TO %I', relation, kept_name);
    EXECUTE format('ALTER TABLE %s SET SCHEMA _wh_data', relation);
END
$$;
