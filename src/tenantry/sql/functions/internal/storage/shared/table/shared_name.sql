CREATE OR REPLACE FUNCTION _wh_internal.shared_name(template_name text, storage text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The name in _wh_data of the table in which the tenants of a template share a storage.
    SELECT _wh_internal.fit_name(_wh_internal.shared_base(template_name, storage))
$$;
