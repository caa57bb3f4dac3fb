CREATE OR REPLACE FUNCTION _wh_internal.columns_of(template_name text) RETURNS _wh.template_columns[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A template's columns in their order; NULL if there is no such template.
    SELECT array_agg(c ORDER BY c.position) FROM _wh.template_columns c
    WHERE c.template_name = columns_of.template_name
$$;
