CREATE OR REPLACE FUNCTION _wh_internal.select_head(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The text before a query whose columns are picked by name. It also shows that a slice's view does so.
    SELECT format('SELECT %s FROM (', _wh_internal.column_list(template.template_name))
$$;
