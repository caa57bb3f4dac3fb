-- The jobs that were held go on. One transaction.
DO $$
BEGIN
    PERFORM _wh_adopt.set_job(o.jobid, true) FROM _wh_adopt.jobs o WHERE o.active AND pg_catalog.to_regclass('cron.job') IS NOT NULL;
    INSERT INTO _wh_adopt.steps VALUES ('jobs') ON CONFLICT DO NOTHING;
END
$$;
