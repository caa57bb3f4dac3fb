CREATE OR REPLACE FUNCTION _wh_internal.name_stem(base_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- What the names of a template's slices and yearly tables begin with: room for '_YYYY_MM_DD'.
    SELECT _wh_internal.fit_name(base_name, 11)
$$;
