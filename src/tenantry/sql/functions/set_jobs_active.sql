CREATE OR REPLACE FUNCTION _wh.set_jobs_active(jobids bigint[], active boolean) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: pause or resume whadmin's jobs in this database. Returns the jobs that were changed. Their
-- commands and schedules stay. A job that is paused because its tenant is disabled resumes when the tenant is
-- enabled.
DECLARE
    unknown text[] := ARRAY(SELECT coalesce(w.id::text, 'NULL') FROM unnest(jobids) AS w(id)
        WHERE NOT EXISTS (SELECT FROM _wh.jobs() j WHERE j.jobid = w.id));
    resting text := (SELECT t.schema_name FROM _wh.tenants t
        WHERE set_jobs_active.active AND t.disabled_at IS NOT NULL AND t.paused_jobs && jobids LIMIT 1);
    changed bigint[];
BEGIN
    IF jobids IS NULL OR set_jobs_active.active IS NULL THEN
        RAISE EXCEPTION 'name the jobs, and whether they should run'
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'SELECT _wh.set_jobs_active(ARRAY[7], false); the jobs are in _wh.jobs().';
    ELSIF cardinality(unknown) > 0 THEN
        RAISE EXCEPTION 'whadmin has no job % in this database', unknown[1]
            USING ERRCODE = 'undefined_object',
            HINT = 'The jobs are in _wh.jobs().';
    ELSIF resting IS NOT NULL THEN
        RAISE EXCEPTION 'tenant "%" is disabled, so its jobs are paused', resting
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Enable it first: tenantry tenant enable %s', resting);
    END IF;
    PERFORM _wh_internal.audit('set_jobs_active', format('%s %s', jobids, set_jobs_active.active), 'begun');
    IF cardinality(jobids) > 0 THEN
        -- pg_cron's policy hides other roles' jobs, as intended.
        PERFORM set_config('row_security', 'on', true);
        WITH done AS (
            UPDATE cron.job j SET active = set_jobs_active.active
            WHERE j.jobid = ANY (jobids) AND j.username = 'whadmin'
                AND j.database = current_database() AND j.active <> set_jobs_active.active RETURNING j.jobid
        )
        SELECT array_agg(d.jobid ORDER BY d.jobid) INTO changed FROM done d;
    END IF;
    RETURN coalesce(changed, '{}'::bigint[]);
END
$$;
COMMENT ON FUNCTION _wh.set_jobs_active IS 'For operators: pause or resume whadmin''s jobs';
