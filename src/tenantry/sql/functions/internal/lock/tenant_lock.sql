CREATE OR REPLACE FUNCTION _wh_internal.tenant_lock(schema_name text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT hashtextextended(jsonb_build_array('tenantry tenant', schema_name)::text, 0)
$$;
