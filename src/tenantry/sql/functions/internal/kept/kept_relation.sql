CREATE OR REPLACE FUNCTION _wh_internal.kept_relation(name text) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A relation in _wh_data by its name, or NULL. Looked up in the catalog, because to_regclass() finds
    -- nothing in a schema that the role may not use, and days would be reported as missing.
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = to_regnamespace('_wh_data') AND c.relname = kept_relation.name::name
$$;
