CREATE OR REPLACE FUNCTION _wh.jobs()
    RETURNS TABLE (jobid bigint, name text, schedule text, command text, active boolean, database text,
    username text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators and auditors, from whom pg_cron hides them: whadmin's jobs in this database.
BEGIN
    -- pg_cron's policy hides other roles' jobs, as intended.
    PERFORM set_config('row_security', 'on', true);
    IF to_regclass('cron.job') IS NOT NULL THEN
        RETURN QUERY SELECT j.jobid, j.jobname::text, j.schedule, j.command, j.active, j.database, j.username
            FROM cron.job j WHERE j.username = 'whadmin' AND j.database = current_database() ORDER BY j.jobid;
    END IF;
END
$$;
COMMENT ON FUNCTION _wh.jobs IS 'For operators and auditors: whadmin''s jobs in this database';
