CREATE OR REPLACE FUNCTION _wh_internal.hold_days(relations oid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Keep REFRESH and VACUUM away from daily materialized views until this transaction ends. LOCK does not take
-- materialized views, but COMMENT does, and where there is no comment it writes nothing. It waits until
-- PostgreSQL cancels an autovacuum, which execute_patiently never does. Reports continue.
BEGIN
    EXECUTE coalesce((SELECT string_agg(format('COMMENT ON MATERIALIZED VIEW %s IS NULL', r.oid::regclass),
        '; ' ORDER BY r.n) FROM unnest(relations) WITH ORDINALITY AS r (oid, n)), 'SELECT');
END
$$;
