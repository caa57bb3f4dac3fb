CREATE OR REPLACE FUNCTION cron.schedule(job_name text, schedule text, command text, database text,
    username text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Five arguments, which pg_cron lacks. For pg_cron's schema and for Tenantry's own.
DECLARE
    target text := database;
    acting text := username;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = target) THEN
        RAISE NOTICE 'there is no database "%": the job runs in "%"', target, current_database();
        target := current_database();
    END IF;
    -- pg_cron lets only superusers name a role, even if it is their own. Others, who may act as that role, do
    -- so; the function's end takes it back. Asked of the current role, because SET ROLE asks only whoever
    -- logged in.
    IF acting IS NOT NULL AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
        IF NOT pg_has_role(current_user, acting, 'MEMBER') THEN
            RAISE EXCEPTION 'role "%" may not schedule jobs of role "%"', current_user, acting
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        PERFORM set_config('role', acting, true);
        acting := NULL;
    END IF;
    RETURN cron.schedule_in_database(job_name, schedule, command, target, acting);
END
$$;
COMMENT ON FUNCTION cron.schedule(text, text, text, text, text) IS
    'Tenantry: schedule a job by name in a database (the current one if there is none of that name) as a '
    'role; its jobid';

REVOKE ALL ON FUNCTION cron.schedule(text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cron.schedule(text, text, text, text, text) TO whadmin;
