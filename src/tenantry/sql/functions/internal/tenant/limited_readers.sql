CREATE OR REPLACE FUNCTION _wh_internal.limited_readers() RETURNS TABLE (reader text, tenants text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The existing roles that read some tenants.
    SELECT r.reader_name, r.tenants FROM _wh.readers r JOIN pg_roles p ON p.rolname = r.reader_name
    WHERE r.tenants IS NOT NULL
$$;
