CREATE OR REPLACE FUNCTION _wh_internal.shared_indexes(template _wh.mv_templates, relname text)
    RETURNS TABLE (index_name text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The indexes of one of the tables that tenants share: those of the template, within each tenant, and one
    -- each on the time, for a day of all tenants and of one. An index's name says its definition, so whoever
    -- compares names compares definitions.
    WITH wanted AS (
        SELECT i.position, i.is_unique, CASE
            WHEN i.definition ~* '^[[:space:]]*(using[[:space:]]+btree[[:space:]]*)?[(]'
            THEN regexp_replace(i.definition, '[(]', '(schema_name, ') ELSE i.definition END AS definition
        FROM _wh.template_indexes i
        WHERE i.template_name = template.template_name AND i.position IS NOT NULL
        UNION ALL SELECT 1000001, false, format('USING btree (%I)', template.time_column)
        UNION ALL SELECT 1000002, false, format('USING btree (schema_name, %I)', template.time_column)
    ), once AS (
        SELECT DISTINCT ON (w.is_unique, w.definition) w.* FROM wanted w
        ORDER BY w.is_unique, w.definition, w.position
    )
    SELECT n.name, format('CREATE %sINDEX %I ON _wh_data.%I %s', CASE WHEN o.is_unique THEN 'UNIQUE ' END,
        n.name, relname, o.definition)
    FROM once o
    CROSS JOIN LATERAL (SELECT 'tenantry_' || left(md5(jsonb_build_array(relname, o.is_unique,
        o.definition)::text), 20) AS name) n
    ORDER BY o.position
$$;
