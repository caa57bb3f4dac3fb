CREATE OR REPLACE FUNCTION _wh_internal.operators_window(first_day date, last_day date, template_name text)
    RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Limit the days that a login other than whadmin may name: few enough that a call ends, and none that makes a
-- feed begin centuries ago.
BEGIN
    PERFORM _wh_internal.checked_window(first_day, last_day, template_name);
    IF first_day < '1900-01-01' THEN
        RAISE EXCEPTION '% is before 1900', to_char(first_day::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Only whadmin may load such days.';
    ELSIF last_day - first_day >= 366 THEN
        RAISE EXCEPTION 'a window of % days is too long', last_day - first_day + 1
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Name at most 366 days in one call.';
    END IF;
END
$$;
