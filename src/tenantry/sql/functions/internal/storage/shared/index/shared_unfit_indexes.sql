CREATE OR REPLACE FUNCTION _wh_internal.shared_unfit_indexes(template _wh.mv_templates, storage text)
    RETURNS TABLE (relid oid, index_name text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What is to be done for the indexes of the tables that tenants share: missing ones first, then those
    -- that the template no longer has.
    WITH leaves AS MATERIALIZED (
        SELECT l.relid, l.relname FROM _wh_internal.shared_leaves(template.template_name, storage) l
    ), present AS MATERIALIZED (
        SELECT l.relid, c.relname::text AS name FROM leaves l JOIN pg_index i ON i.indrelid = l.relid
        JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname ~ '^tenantry_[0-9a-f]{20}$'
    ), wanted AS MATERIALIZED (
        SELECT l.relid, i.* FROM leaves l, _wh_internal.shared_indexes(template, l.relname) i
    )
    SELECT w.relid, w.index_name, w.statement FROM wanted w
    WHERE w.index_name NOT IN (SELECT p.name FROM present p)
    UNION ALL
    SELECT p.relid, p.name, format('DROP INDEX _wh_data.%I', p.name) FROM present p
    WHERE p.name NOT IN (SELECT w.index_name FROM wanted w)
$$;
