CREATE OR REPLACE FUNCTION _wh_internal.refresh_relation(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- A time that the source gives without a zone is UTC's, whatever zone the session is in; money is written as
-- in the source's session.
BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %s %s',
        CASE WHEN _wh_internal.can_refresh_concurrently(relation) THEN 'CONCURRENTLY' ELSE '' END, relation);
END
$$;
