CREATE OR REPLACE FUNCTION _wh_internal.latest_day(template_name text) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The last day that may be loaded: today (UTC), plus the days ahead that the template allows.
    SELECT _wh.current_date_utc() + coalesce((SELECT t.ahead FROM _wh.mv_templates t
        WHERE t.template_name = latest_day.template_name), 0)
$$;
