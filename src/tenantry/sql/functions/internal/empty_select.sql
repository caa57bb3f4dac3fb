CREATE OR REPLACE FUNCTION _wh_internal.empty_select(template_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a template with no rows: what a view reads from when there is no slice yet.
    SELECT 'SELECT ' || string_agg(format('NULL::%s AS %I', c.data_type, c.column_name), ', ' ORDER BY c.position) || ' WHERE false'
    FROM _wh.template_columns c WHERE c.template_name = empty_select.template_name
$$;
