CREATE OR REPLACE FUNCTION _wh_internal.limits_rows(root oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether Tenantry's own row security is on a table of all tenants.
    SELECT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = root AND p.polname = 'tenantry_all')
$$;
