CREATE OR REPLACE FUNCTION _wh_internal.can_refresh_concurrently(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether reports can continue to read the old rows during a refresh: this requires a unique index over
    -- all rows.
    SELECT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indrelid = relation AND c.relispopulated AND i.indisunique AND i.indisvalid AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL)
$$;
