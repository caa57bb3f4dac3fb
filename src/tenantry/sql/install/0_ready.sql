-- Before whadmin's part: refuse a database without the administrator's part, and a warehouse with migrations
-- that these files do not have.
DO $$
DECLARE
    known CONSTANT jsonb := '{known}';
    odd record;
BEGIN
    IF (SELECT count(*) FROM pg_catalog.pg_namespace n
        WHERE n.nspname IN ('_wh', '_wh_internal', '_wh_audit')) < 3
        OR (SELECT count(*) FROM pg_catalog.pg_roles r
            WHERE r.rolname IN ('tenantry_operator', 'tenantry_auditor')) < 2
    THEN
        RAISE EXCEPTION 'this database lacks roles or schemas that this version needs'
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run create.sql first, as the administrator.';
    END IF;
    IF pg_catalog.to_regclass('_wh.migrations') IS NOT NULL THEN
        SELECT m.version, m.name, k.version IS NULL AS newer INTO odd
        FROM _wh.migrations m LEFT
            JOIN pg_catalog.jsonb_to_recordset(known) k(version integer, sha256 text) ON k.version = m.version
        WHERE k.sha256 IS DISTINCT FROM m.sha256 ORDER BY m.version LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the warehouse has had migration % (%), which is % in these '
                'files', odd.version, odd.name,
                CASE WHEN odd.newer THEN 'unknown' ELSE 'different' END
                USING HINT = CASE WHEN odd.newer THEN 'Use a newer version of Tenantry.'
                    ELSE 'The files were changed: use those of the release.' END;
        END IF;
    END IF;
END
$$;
