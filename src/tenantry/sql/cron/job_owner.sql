CREATE OR REPLACE FUNCTION cron.job_owner() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whose job it is when the caller names nobody. An administrator's is whadmin's: nothing here runs as a
    -- superuser, and what one of them schedules the other can find by name.
    SELECT CASE WHEN pg_has_role(current_user, 'whadmin', 'USAGE') THEN 'whadmin' ELSE current_user::text END
$$;
COMMENT ON FUNCTION cron.job_owner IS 'The role that a job of the caller runs as: whadmin for whoever may '
    'act '
    'as that';
