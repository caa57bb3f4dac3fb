CREATE OR REPLACE FUNCTION _wh_internal.column_list(template_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(quote_ident(c.column_name), ', ' ORDER BY c.position)
    FROM _wh.template_columns c WHERE c.template_name = column_list.template_name
$$;
