CREATE OR REPLACE FUNCTION _wh_internal.checked_day(target_date timestamp, template_name text DEFAULT NULL)
    RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The UTC day of a time. Raises an error if there is none, or if it has not begun and the template does not
-- load days ahead.
DECLARE
    today date := _wh.current_date_utc();
    ahead integer := _wh_internal.latest_day(template_name) - today;
BEGIN
    IF target_date IS NULL OR NOT isfinite(target_date) THEN
        RAISE EXCEPTION 'a slice needs a day, not %', coalesce(target_date::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF target_date::date > today + ahead AND ahead > 0 THEN
        RAISE EXCEPTION '% is after %, the last day that template "%" loads',
            to_char(target_date, 'YYYY-MM-DD'), to_char((today + ahead)::timestamp, 'YYYY-MM-DD'),
            template_name
            USING ERRCODE = 'invalid_parameter_value',
                HINT = '_wh.mv_templates.ahead says how many days ahead are loaded.';
    ELSIF target_date::date > today + ahead THEN
        RAISE EXCEPTION '% has not begun: in UTC it is %', to_char(target_date, 'YYYY-MM-DD'),
            to_char(today::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Use _wh.current_date_utc() for today.';
    END IF;
    RETURN target_date::date;
END
$$;
