CREATE OR REPLACE FUNCTION _wh_internal.name_stem(base_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- What the names of a template's slices and yearly tables begin with: room for '_YYYY_MM_DD', and for the
    -- underscore that PostgreSQL puts before the name of a relation's array type. It cuts that one at 63
    -- bytes, and up to version 15 soon finds no free name for the days of a month, which differ in their last
    -- digit alone.
    SELECT _wh_internal.fit_name(base_name, 12)
$$;
