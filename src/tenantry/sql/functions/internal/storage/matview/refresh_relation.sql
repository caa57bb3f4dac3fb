CREATE OR REPLACE FUNCTION _wh_internal.refresh_relation(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- Times that the source returns without a time zone are UTC, whatever time zone the session has; money is
-- written as in the source's session.
BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %s %s',
        CASE WHEN _wh_internal.can_refresh_concurrently(relation) THEN 'CONCURRENTLY' ELSE '' END, relation);
END
$$;
