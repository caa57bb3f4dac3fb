CREATE OR REPLACE FUNCTION _wh_internal.shared_base(template_name text, storage text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The start of the names in _wh_data of the tables in which the tenants of a template share a storage. No
    -- tenant is named public.
    SELECT _wh_internal.kept_base('public', format('tenantry_%s_%s', storage, template_name))
$$;
