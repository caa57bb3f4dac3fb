CREATE OR REPLACE FUNCTION _wh_internal.day_bound(template _wh.mv_templates, day date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The start of a UTC day as a literal of the time column's own type, or NULL if the template has no time
-- column.
DECLARE
    time_type text;
BEGIN
    SELECT c.data_type INTO time_type FROM _wh.template_columns c
    WHERE c.template_name = template.template_name AND c.column_name = template.time_column;
    RETURN format('%L::%s', to_char(day::timestamp, 'YYYY-MM-DD') || CASE
        WHEN time_type LIKE '%with time zone' THEN ' 00:00:00+00' ELSE '' END, time_type);
END
$$;
