CREATE OR REPLACE FUNCTION _wh_internal.await_lock(key bigint, together boolean, what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take an advisory lock until the transaction ends, shared with others if `together`. Who has waited for three seconds is
-- told for what, and who holds it. A lock_timeout of the caller's own is left to end the wait.
DECLARE
    taken boolean;
    holders text;
BEGIN
    taken := CASE WHEN together THEN pg_try_advisory_xact_lock_shared(key) ELSE pg_try_advisory_xact_lock(key) END;
    IF taken THEN
        RETURN;
    END IF;
    IF current_setting('lock_timeout') = '0' THEN
        BEGIN
            PERFORM set_config('lock_timeout', '3s', true);
            PERFORM CASE WHEN together THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END;
            PERFORM set_config('lock_timeout', '0', true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            SELECT string_agg(format('session %s (%s)', l.pid, concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.usename,
                'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))), '; ')
            INTO holders FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                AND (l.classid::bigint << 32 | l.objid::bigint) = key;
            RAISE NOTICE 'waiting for %, held by %', what, coalesce(holders, 'nobody any more');
        END;
    END IF;
    PERFORM CASE WHEN together THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END;
END
$$;
