-- The old schema steps aside, with its tables and functions, which stay as they are. One transaction, a moment after
-- the jobs were held: one that pg_cron had begun meanwhile is waited for by the caller.
DO $$
DECLARE
    busy text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('session %s of %s, since %s', a.pid, a.usename,
            pg_catalog.to_char(a.query_start AT TIME ZONE 'UTC', 'HH24:MI "UTC"')), '; ') INTO busy
    FROM pg_catalog.pg_stat_activity a
    WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
        -- Its statement may be a wrapper's name, or hidden from us; its locks are not.
        AND (a.state = 'active' AND a.query ~ E'\\m_wh\\.' OR EXISTS (SELECT FROM pg_catalog.pg_locks l
            JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relnamespace = '_wh'::regnamespace
            WHERE l.pid = a.pid AND l.database = a.datid));
    IF busy IS NOT NULL THEN
        RAISE EXCEPTION 'the warehouse is being loaded by its old functions: %', busy
            USING ERRCODE = 'object_in_use', HINT = 'Wait until it has ended: tenantry adopt --wait';
    END IF;
    ALTER SCHEMA _wh RENAME TO _wh_manual;
    GRANT USAGE ON SCHEMA _wh_adopt, _wh_manual TO whadmin;
    GRANT SELECT ON _wh_adopt.steps, _wh_adopt.objects, _wh_adopt.tenants, _wh_manual.tenant_connections, _wh_manual.mv_templates TO whadmin;
    IF pg_catalog.to_regclass('_wh_manual.function_logs') IS NOT NULL THEN
        GRANT SELECT ON _wh_manual.function_logs TO whadmin;
    END IF;
    GRANT SELECT, INSERT, UPDATE ON _wh_adopt.copies TO whadmin;
    INSERT INTO _wh_adopt.steps VALUES ('aside');
END
$$;
