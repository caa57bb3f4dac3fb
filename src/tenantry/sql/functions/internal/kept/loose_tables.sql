CREATE OR REPLACE FUNCTION _wh_internal.loose_tables(template_name text)
    RETURNS TABLE (schema_name text, relid oid)
LANGUAGE sql STABLE ROWS 2 SET search_path = pg_catalog, pg_temp AS $$
    -- The partitioned tables of a template's feeds, by kept_name, that are not attached to the table of all
    -- tenants: of new tenants, usually. Calls of kept_name for each of a thousand feeds would take longer
    -- than all else, so it is called only for names that have to be quoted or cut.
    WITH named AS (
        SELECT f.schema_name, CASE WHEN f.schema_name ~ '^[a-z0-9_]+$'
            AND octet_length(f.schema_name || '.' || f.template_name) < 64
            THEN f.schema_name || '.' || f.template_name ELSE _wh_internal.kept_name(f) END::name AS name
        FROM _wh.feeds f WHERE f.template_name = loose_tables.template_name
    )
    SELECT n.schema_name, c.oid FROM pg_class c JOIN named n ON n.name = c.relname
    WHERE c.relnamespace = to_regnamespace('_wh_data') AND c.relkind = 'p' AND NOT c.relispartition
$$;
