CREATE OR REPLACE FUNCTION _wh_internal.select_head(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What stands before a query whose columns are picked by their names; by this a slice's view is known to
    -- do so.
    SELECT format('SELECT %s FROM (', _wh_internal.column_list(template.template_name))
$$;
