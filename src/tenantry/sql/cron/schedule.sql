CREATE OR REPLACE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT cron.schedule_in_database(job_name, schedule, command, NULL)
$$;
COMMENT ON FUNCTION cron.schedule(text, text,
    text) IS 'Schedule a job by name, or replace the job with that name; returns its jobid';

CREATE OR REPLACE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint
LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO cron.job (schedule, command, nodeport, username)
    VALUES (schedule, command, current_setting('port')::integer, cron.job_owner()) RETURNING jobid
$$;
COMMENT ON FUNCTION cron.schedule(text, text) IS 'Schedule a job without a name; returns its jobid';
