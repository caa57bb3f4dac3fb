CREATE OR REPLACE FUNCTION _wh_internal.template_shape(template_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(format('%I %s', c.column_name, c.data_type), ', ' ORDER BY c.position)
    FROM _wh.template_columns c WHERE c.template_name = template_shape.template_name
$$;
