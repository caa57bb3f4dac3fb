CREATE OR REPLACE FUNCTION _wh.job_leader()
    RETURNS TABLE (host text, pid integer, elected_at timestamptz, alive_at timestamptz,
    last_tick timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators and auditors: the leading scheduler, if the schema cron is Tenantry's own. 8321567 is the
-- class of its advisory locks; the leader holds 0.
BEGIN
    IF to_regclass('cron.scheduler') IS NOT NULL THEN
        RETURN QUERY SELECT s.host, s.pid, s.elected_at, s.alive_at, s.last_tick FROM cron.scheduler s
            WHERE EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 8321567
            AND l.objid = 0 AND l.objsubid = 2
                AND l.granted AND l.database = (SELECT d.oid FROM pg_database d
                WHERE d.datname = current_database()));
    END IF;
END
$$;
COMMENT ON FUNCTION _wh.job_leader IS 'For operators and auditors: the leading scheduler, if the schema cron '
    'is Tenantry''s own';
