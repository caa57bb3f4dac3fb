CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (now() AT TIME ZONE 'UTC')::date
$$;
COMMENT ON FUNCTION _wh.current_date_utc IS 'Today in UTC, whatever the session''s time zone';
