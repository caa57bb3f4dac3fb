CREATE OR REPLACE FUNCTION _wh_internal.partition_root(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The name of the table of all tenants, or of the view that stands for it while some are kept otherwise.
    SELECT format('public.%I', _wh_internal.fit_name(template.template_name))
$$;
