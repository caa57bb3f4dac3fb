CREATE OR REPLACE FUNCTION _wh_internal.prune_logs() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = on AS $$
-- Keep 90 days: enough to compare with last month, and the tables stay small. pg_cron never deletes the runs
-- of jobs, so delete the warehouse's old runs, as far as the role may see and delete them. If another session
-- is already doing this, return at once.
DECLARE
    oldest CONSTANT timestamptz := now() - interval '90 days';
    due boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(8321567906) THEN
        RETURN;
    END IF;
    DELETE FROM _wh.function_logs WHERE created_at < oldest;
    IF coalesce((SELECT has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n WHERE n.nspname = 'cron'),
        false)
        AND has_table_privilege(to_regclass('cron.job_run_details'), 'SELECT')
            AND has_table_privilege(to_regclass('cron.job_run_details'), 'DELETE')
    THEN
        -- Look at the oldest by key before reading all rows: rows are in the order of time.
        SELECT coalesce(d.end_time, d.start_time, '-infinity') < oldest INTO due FROM cron.job_run_details d
            ORDER BY d.runid LIMIT 1;
        IF due THEN
            DELETE FROM cron.job_run_details d
            WHERE coalesce(d.end_time, d.start_time) < oldest
                AND (d.username = 'whadmin' OR strpos(d.command, '_wh.') > 0);
        END IF;
    END IF;
END
$$;
