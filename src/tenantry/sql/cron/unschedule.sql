CREATE OR REPLACE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cron.job j WHERE j.jobid = job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % does not exist', job_id
            USING ERRCODE = 'undefined_object', HINT = 'The jobs are in cron.job.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION cron.unschedule(bigint) IS 'Remove a job by its jobid';

CREATE OR REPLACE FUNCTION cron.unschedule(job_name name) RETURNS boolean
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cron.job j WHERE j.jobname = job_name AND j.username = cron.job_owner();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role "%" has no job "%"', cron.job_owner(), job_name
            USING ERRCODE = 'undefined_object', HINT = 'The jobs are in cron.job.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION cron.unschedule(name) IS 'Remove a job by its name';
