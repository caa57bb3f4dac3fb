-- For psql: refuse a server that is too old and a warehouse that this does not fit, before anything is changed. The
-- setting tenantry.migrations holds the migrations that this version knows.
DO $$
DECLARE
    known jsonb := pg_catalog.current_setting('tenantry.migrations')::jsonb;
    odd record;
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer < 150000 THEN
        RAISE EXCEPTION 'the server is PostgreSQL %; Tenantry needs 15 or newer', pg_catalog.current_setting('server_version');
    END IF;
    IF pg_catalog.to_regclass('_wh.migrations') IS NOT NULL THEN
        SELECT m.version, m.name, k.version IS NULL AS newer INTO odd
        FROM _wh.migrations m LEFT JOIN pg_catalog.jsonb_to_recordset(known) k(version integer, sha256 text) ON k.version = m.version
        WHERE k.sha256 IS DISTINCT FROM m.sha256 ORDER BY m.version LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the warehouse has had migration % (%), which is % here', odd.version, odd.name,
                CASE WHEN odd.newer THEN 'unknown' ELSE 'different' END
                USING HINT = CASE WHEN odd.newer THEN 'Use a newer version of Tenantry.' ELSE 'The files were changed: take those of the release.' END;
        END IF;
    END IF;
END
$$;
