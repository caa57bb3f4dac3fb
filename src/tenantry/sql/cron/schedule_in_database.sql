CREATE OR REPLACE FUNCTION cron.schedule_in_database(
    job_name text, schedule text, command text, database text, username text DEFAULT NULL,
    active boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing text := CASE WHEN job_name IS NULL THEN 'job_name' WHEN schedule IS NULL THEN 'schedule'
        WHEN command IS NULL THEN 'command' END;
    result bigint;
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '% may not be NULL', missing USING ERRCODE = 'null_value_not_allowed';
    ELSIF octet_length(job_name) > 63 THEN
        RAISE NOTICE 'the job''s name is cut to 63 bytes: "%"', job_name::name;
    END IF;
    -- A disabled job stays disabled, as with pg_cron.
    INSERT INTO cron.job AS j (jobname, schedule, command, nodeport, database, username, active)
    VALUES (job_name, schedule_in_database.schedule, schedule_in_database.command,
        current_setting('port')::integer,
        coalesce(schedule_in_database.database, current_database()),
            coalesce(schedule_in_database.username, cron.job_owner()),
        coalesce(schedule_in_database.active, true))
    ON CONFLICT ON CONSTRAINT jobname_username_uniq DO UPDATE
    SET schedule = excluded.schedule, command = excluded.command, database = excluded.database
    RETURNING j.jobid INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION cron.schedule_in_database IS 'Schedule a job by name, or replace the job with that name; '
    'returns its jobid';
