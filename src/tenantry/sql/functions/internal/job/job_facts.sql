CREATE OR REPLACE FUNCTION _wh_internal.job_facts(most integer)
RETURNS TABLE (jobid bigint, name text, active boolean, runs bigint, failures bigint, status text,
    started timestamptz, ended timestamptz, succeeded timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET row_security = on AS $$
-- For those who watch a warehouse: whadmin's jobs in this database, from the newest `most` runs, which the
-- key of pg_cron's table finds. runs and failures are those that ended in the last 24 hours; status, started
-- and ended are of the last run that has begun. pg_cron's policy hides other roles' jobs, as intended.
BEGIN
    IF (SELECT has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n WHERE n.nspname = 'cron') THEN
        RETURN QUERY
        WITH recent AS MATERIALIZED (
            SELECT d.jobid, d.runid, d.status, d.start_time, d.end_time FROM cron.job_run_details d
            WHERE d.username = 'whadmin' AND d.database = current_database() ORDER BY d.runid DESC LIMIT most
        ), counted AS (
            SELECT r.jobid,
                count(*) FILTER (WHERE r.end_time > statement_timestamp() - interval '1 day') AS runs,
                count(*) FILTER (WHERE r.end_time > statement_timestamp() - interval '1 day'
                    AND r.status = 'failed') AS failures,
                max(r.runid) FILTER (WHERE r.start_time IS NOT NULL) AS last,
                max(r.end_time) FILTER (WHERE r.status = 'succeeded') AS succeeded
            FROM recent r GROUP BY r.jobid
        )
        SELECT j.jobid, j.jobname::text, j.active, coalesce(c.runs, 0), coalesce(c.failures, 0), r.status,
            r.start_time, r.end_time, c.succeeded
        FROM cron.job j LEFT JOIN counted c ON c.jobid = j.jobid LEFT JOIN recent r ON r.runid = c.last
        WHERE j.username = 'whadmin' AND j.database = current_database() ORDER BY j.jobid;
    END IF;
END
$$;
