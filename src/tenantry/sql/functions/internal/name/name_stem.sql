CREATE OR REPLACE FUNCTION _wh_internal.name_stem(base_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The beginning of the names of a template's slices and yearly tables. It leaves room for '_YYYY_MM_DD'
    -- and for the underscore that PostgreSQL puts before the name of a relation's array type. PostgreSQL cuts
    -- that name at 63 bytes, and up to version 15 it soon finds no free name for the days of a month, which
    -- differ only in their last digit.
    SELECT _wh_internal.fit_name(base_name, 12)
$$;
