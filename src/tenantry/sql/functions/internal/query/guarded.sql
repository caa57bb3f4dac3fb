CREATE OR REPLACE FUNCTION _wh_internal.guarded(query text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A query for a source, which refuses to run in a session that was not set for it. A materialized view
    -- keeps it: a REFRESH by hand logs in by itself, and behind a pooler that login may have gotten none of
    -- the settings. The query may end in a comment, hence the line break.
    SELECT format($q$SELECT * FROM (%s
) AS q WHERE CASE
    WHEN pg_catalog.concat_ws(' ', pg_catalog.current_setting('tenantry.session', true),
    pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('DateStyle')) = 'yes UTC ISO, MDY'
        THEN true ELSE ('settings: TimeZone is '
|| pg_catalog.current_setting('TimeZone')
    || ', and a load did not set it; call _wh.refresh_mv instead of REFRESH')::boolean END$q$, query)
$$;
