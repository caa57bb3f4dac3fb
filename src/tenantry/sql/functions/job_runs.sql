CREATE OR REPLACE FUNCTION _wh.job_runs(wanted bigint DEFAULT NULL, only_failed boolean DEFAULT false,
    most integer DEFAULT 20)
RETURNS TABLE (jobid bigint, runid bigint, status text, message text, started timestamptz, ended timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators and auditors: the latest runs of whadmin's jobs in this database, or of one of them, newest
-- first.
BEGIN
    -- pg_cron's policy hides other roles' runs, as intended.
    PERFORM set_config('row_security', 'on', true);
    IF to_regclass('cron.job_run_details') IS NOT NULL THEN
        RETURN QUERY SELECT d.jobid, d.runid, d.status, _wh_internal.visible(d.return_message), d.start_time,
            d.end_time FROM cron.job_run_details d
            WHERE d.username = 'whadmin' AND d.database = current_database()
                AND (wanted IS NULL OR d.jobid = wanted)
                AND (only_failed IS NOT TRUE OR d.status = 'failed')
            ORDER BY d.runid DESC LIMIT most;
    END IF;
END
$$;
COMMENT ON FUNCTION _wh.job_runs IS 'For operators and auditors: the latest runs of whadmin''s jobs in this '
    'database';
