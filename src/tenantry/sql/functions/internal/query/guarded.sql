CREATE OR REPLACE FUNCTION _wh_internal.guarded(query text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Wrap a query for a source so that it refuses to run in a session without the right settings. A
    -- materialized view stores it: a REFRESH by hand logs in on its own, and behind a pooler that login may
    -- have none of the settings. The line break is for a query that ends in a comment.
    SELECT format($q$SELECT * FROM (%s
) AS q WHERE CASE
    WHEN pg_catalog.concat_ws(' ', pg_catalog.current_setting('tenantry.session', true),
    pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('DateStyle')) = 'yes UTC ISO, MDY'
        THEN true ELSE ('settings: TimeZone is '
|| pg_catalog.current_setting('TimeZone')
    || ', and a load did not set it; call _wh.refresh_mv instead of REFRESH')::boolean END$q$, query)
$$;
