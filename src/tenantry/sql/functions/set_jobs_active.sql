CREATE OR REPLACE FUNCTION _wh.set_jobs_active(jobids bigint[], active boolean) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: pause jobs of whadmin's in this database, or let them go on; those that were not so before.
-- What they run, and when, stays. A job that rests because its tenant is disabled goes on when that is
-- enabled.
DECLARE
    unknown text[] := ARRAY(SELECT coalesce(w.id::text, 'NULL') FROM unnest(jobids) AS w(id)
        WHERE NOT EXISTS (SELECT FROM _wh.jobs() j WHERE j.jobid = w.id));
    resting text := (SELECT t.schema_name FROM _wh.tenants t
        WHERE set_jobs_active.active AND t.disabled_at IS NOT NULL AND t.paused_jobs && jobids LIMIT 1);
    changed bigint[];
BEGIN
    IF jobids IS NULL OR set_jobs_active.active IS NULL THEN
        RAISE EXCEPTION 'name the jobs, and whether they are to run'
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'SELECT _wh.set_jobs_active(ARRAY[7], false); the jobs are in _wh.jobs().';
    ELSIF cardinality(unknown) > 0 THEN
        RAISE EXCEPTION 'there is no job % of whadmin''s in this database', unknown[1]
            USING ERRCODE = 'undefined_object',
            HINT = 'The jobs are in _wh.jobs().';
    ELSIF resting IS NOT NULL THEN
        RAISE EXCEPTION 'tenant "%" is disabled, and its jobs rest', resting
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('First: tenantry tenant enable %s', resting);
    END IF;
    PERFORM _wh_internal.audit('set_jobs_active', format('%s %s', jobids, set_jobs_active.active), 'begun');
    IF cardinality(jobids) > 0 THEN
        -- That pg_cron hides other roles' is meant.
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
COMMENT ON FUNCTION _wh.set_jobs_active IS 'Pause jobs of whadmin''s, or let them go on: for operators';
