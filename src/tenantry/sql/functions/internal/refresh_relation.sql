CREATE OR REPLACE FUNCTION _wh_internal.refresh_relation(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- CONCURRENTLY where an index allows it: reports go on reading the old rows until the new ones are there.
BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %s %s', CASE WHEN EXISTS (
        SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indrelid = relation AND c.relispopulated AND i.indisunique AND i.indisvalid AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL) THEN 'CONCURRENTLY' ELSE '' END, relation);
END
$$;
