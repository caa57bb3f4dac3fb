CREATE OR REPLACE FUNCTION cron.alter_job(
    job_id bigint, schedule text DEFAULT NULL, command text DEFAULT NULL, database text DEFAULT NULL,
    username text DEFAULT NULL,
    active boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF num_nonnulls(schedule, command, database, username, active) = 0 THEN
        RAISE EXCEPTION 'nothing to change: name at least one of schedule, command, database, username and '
            'active'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE cron.job j
        SET schedule = coalesce(alter_job.schedule, j.schedule),
        command = coalesce(alter_job.command, j.command),
        database = coalesce(alter_job.database, j.database),
            username = coalesce(alter_job.username, j.username),
        active = coalesce(alter_job.active, j.active)
    WHERE j.jobid = job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'you have no job %', job_id
            USING ERRCODE = 'undefined_object', HINT = 'The jobs are in cron.job.';
    END IF;
END
$$;
COMMENT ON FUNCTION cron.alter_job IS 'Change a job; values that are left out stay the same';
