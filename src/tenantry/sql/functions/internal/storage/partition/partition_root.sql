CREATE OR REPLACE FUNCTION _wh_internal.partition_root(template _wh.mv_templates) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The name in _wh_data of the table of all tenants in partition storage. No tenant is named public.
    SELECT _wh_internal.fit_name(_wh_internal.kept_base('public', template.template_name))
$$;
