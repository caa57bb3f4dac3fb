CREATE OR REPLACE FUNCTION _wh_internal.checked_window(start_date timestamp, end_date timestamp,
    template_name text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF start_date IS NULL OR end_date IS NULL OR NOT isfinite(start_date) OR NOT isfinite(end_date) THEN
        RAISE EXCEPTION 'a window needs two days, not % to %', coalesce(start_date::text, 'NULL'),
            coalesce(end_date::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF start_date::date > end_date::date THEN
        RAISE EXCEPTION 'the first day of the window, %, is after its last day, %',
            to_char(start_date, 'YYYY-MM-DD'), to_char(end_date, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Give the earlier day first; both days are included.';
    END IF;
    PERFORM _wh_internal.checked_day(start_date, template_name);
END
$$;
