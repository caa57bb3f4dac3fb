-- One installation at a time, until the transaction ends. The wait is limited to a minute.
DO $$
DECLARE
    own text := pg_catalog.current_setting('lock_timeout');
BEGIN
    PERFORM pg_catalog.set_config('lock_timeout', '1min', true), pg_catalog.pg_advisory_xact_lock(8321567904);
    PERFORM pg_catalog.set_config('lock_timeout', own, true);
    -- What is installed is the coordinator's of a Citus cluster alone.
    IF pg_catalog.current_setting('citus.enable_ddl_propagation', true) IS NOT NULL THEN
        PERFORM pg_catalog.set_config('citus.enable_ddl_propagation', 'off', true);
    END IF;
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'another session is installing Tenantry, or blocks the installation: %', (
            SELECT pg_catalog.string_agg(pg_catalog.format('session %s (%s)', l.pid,
            pg_catalog.concat_ws(', ', nullif(a.application_name, ''),
                a.usename, pg_catalog.host(a.client_addr))), '; ')
            FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = 1 AND l.objid = 4026600608
                AND l.granted)
        USING ERRCODE = 'lock_not_available',
            HINT = 'Run this again when that session has ended, or end it with pg_terminate_backend().';
END
$$;
