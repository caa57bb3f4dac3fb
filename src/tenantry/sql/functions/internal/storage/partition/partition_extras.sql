CREATE OR REPLACE FUNCTION _wh_internal.partition_extras(template _wh.mv_templates)
    RETURNS TABLE (column_name text, data_type text, collation_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns that the template has dropped and some of its partitioned tables still have. Tables that
    -- are attached to the table of all tenants have the same columns as that one.
    SELECT DISTINCT ON (a.attname) a.attname::text, format_type(a.atttypid, a.atttypmod),
        nullif(a.attcollation, y.typcollation)::regcollation::text
    FROM (SELECT _wh_internal.kept_relation(_wh_internal.partition_root(template)) AS relid
        UNION ALL SELECT l.relid FROM _wh_internal.loose_tables(template.template_name) l) t
    JOIN pg_class c ON c.oid = t.relid JOIN pg_attribute a ON a.attrelid = c.oid
    JOIN pg_type y ON y.oid = a.atttypid
    WHERE c.relkind = 'p' AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'schema_name'
        AND a.attname NOT IN (SELECT t.column_name FROM _wh.template_columns t
            WHERE t.template_name = template.template_name)
    ORDER BY a.attname, c.oid
$$;
