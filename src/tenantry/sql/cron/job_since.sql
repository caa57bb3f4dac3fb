CREATE OR REPLACE FUNCTION cron.job_since() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The time since which the job has had its present schedule and been active: runs that were due earlier are
-- not made up.
BEGIN
    IF TG_OP = 'INSERT' OR NEW.schedule <> OLD.schedule OR NEW.active AND NOT OLD.active THEN
        NEW.since := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER job_since BEFORE INSERT OR UPDATE OF schedule, active ON cron.job
FOR EACH ROW EXECUTE FUNCTION cron.job_since();
