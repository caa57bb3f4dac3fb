CREATE OR REPLACE FUNCTION cron.job_owner() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The owner of a job if the caller names none. For an administrator that is whadmin: nothing here runs as
    -- a superuser, and the administrator and whadmin can find each other's jobs by name.
    SELECT CASE WHEN pg_has_role(current_user, 'whadmin', 'USAGE') THEN 'whadmin' ELSE current_user::text END
$$;
COMMENT ON FUNCTION cron.job_owner IS 'The role as which the caller''s jobs run: whadmin if the caller may '
    'act as whadmin';
