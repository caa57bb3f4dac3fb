CREATE OR REPLACE FUNCTION _wh_internal.relation_kind(name text) RETURNS "char"
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- pg_class.relkind of a relation, NULL if no relation has this (quoted) name.
    SELECT c.relkind FROM pg_class c WHERE c.oid = to_regclass(name)
$$;
