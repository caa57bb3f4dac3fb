CREATE OR REPLACE FUNCTION _wh_internal.checked_day(target_date timestamp) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The UTC day that is meant, or an error: none, not a day, or a day that has not begun.
BEGIN
    IF target_date IS NULL OR NOT isfinite(target_date) THEN
        RAISE EXCEPTION 'a slice needs a day, not %', coalesce(target_date::text, 'NULL') USING ERRCODE = 'invalid_parameter_value';
    ELSIF target_date::date > _wh.current_date_utc() THEN
        RAISE EXCEPTION '% has not begun in UTC, where it is %', to_char(target_date, 'YYYY-MM-DD'), to_char(_wh.current_date_utc()::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Use _wh.current_date_utc() for today.';
    END IF;
    RETURN target_date::date;
END
$$;
