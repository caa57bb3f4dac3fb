CREATE OR REPLACE FUNCTION cron.check_job() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Check that a job can be run, whether a function or a statement by hand writes it. The program that runs
-- jobs logs in as whadmin, never as a superuser, and then becomes the job's role. So whadmin must be allowed
-- to act as that role.
BEGIN
    PERFORM cron.check_schedule(NEW.schedule);
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = NEW.username AND r.rolcanlogin) THEN
        RAISE EXCEPTION 'role "%" does not exist or cannot log in', NEW.username
            USING ERRCODE = 'undefined_object';
    ELSIF (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = NEW.username) THEN
        RAISE EXCEPTION 'cannot schedule jobs as superuser "%"', NEW.username
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Leave the username out: the job runs as whadmin.';
    ELSIF NOT pg_has_role(current_user, NEW.username, 'MEMBER') THEN
        RAISE EXCEPTION 'role "%" may not schedule jobs of role "%"', current_user, NEW.username
            USING ERRCODE = 'insufficient_privilege';
    ELSIF NOT pg_has_role('whadmin', NEW.username, 'MEMBER') THEN
        RAISE EXCEPTION 'whadmin, which runs the jobs, may not act as role "%"', NEW.username
            USING ERRCODE = 'insufficient_privilege',
            HINT = format('GRANT %I TO whadmin', NEW.username);
    ELSIF NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = NEW.database) THEN
        RAISE EXCEPTION 'database "%" does not exist', NEW.database USING ERRCODE = 'invalid_catalog_name';
    ELSIF NOT has_database_privilege(NEW.username, NEW.database, 'CONNECT') THEN
        RAISE EXCEPTION 'role "%" may not connect to database "%"', NEW.username, NEW.database
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER check_job BEFORE INSERT OR UPDATE OF schedule, username, database ON cron.job
FOR EACH ROW EXECUTE FUNCTION cron.check_job();
