CREATE OR REPLACE FUNCTION _wh_internal.fresh_name(slice_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The name of a slice that is being replaced, until it takes the place of the old one.
    SELECT _wh_internal.fit_name('tenantry_new_' || slice_name)
$$;
