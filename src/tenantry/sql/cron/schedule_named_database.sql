CREATE OR REPLACE FUNCTION cron.schedule(job_name text, schedule text, command text, database text,
    username text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The version with five arguments, which pg_cron lacks. Used in pg_cron's schema and in Tenantry's own.
DECLARE
    target text := database;
    acting text := username;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = target) THEN
        RAISE NOTICE 'database "%" does not exist: the job runs in "%"', target, current_database();
        target := current_database();
    END IF;
    -- pg_cron lets only superusers name a role, even their own. So other callers, if they may act as that
    -- role, switch to it; the end of the function switches back. The check uses the current role, because SET
    -- ROLE only checks the login.
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
    'Tenantry: schedule a job by name in a database (the current one if that does not exist) as a role; '
    'returns its jobid';

REVOKE ALL ON FUNCTION cron.schedule(text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cron.schedule(text, text, text, text, text) TO whadmin;
