CREATE OR REPLACE FUNCTION _wh_internal.declared_columns(template_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a template with their types, for CREATE TABLE and for dblink's column list. It is built
    -- from the stored parts, never from the template's text.
    SELECT string_agg(format('%I %s%s', c.column_name, c.data_type, ' COLLATE ' || c.collation_name), ', '
        ORDER BY c.position)
    FROM _wh.template_columns c WHERE c.template_name = declared_columns.template_name
$$;
