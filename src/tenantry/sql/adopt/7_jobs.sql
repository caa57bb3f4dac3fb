-- The jobs that were held go on. One transaction.
DO $$
BEGIN
    IF pg_catalog.to_regclass('cron.job') IS NOT NULL THEN
        UPDATE cron.job j SET active = true FROM _wh_adopt.jobs o WHERE o.jobid = j.jobid AND o.active AND NOT j.active;
    END IF;
    INSERT INTO _wh_adopt.steps VALUES ('jobs') ON CONFLICT DO NOTHING;
END
$$;
