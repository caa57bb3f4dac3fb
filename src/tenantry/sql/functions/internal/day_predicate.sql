CREATE OR REPLACE FUNCTION _wh_internal.day_predicate(template _wh.mv_templates, first_day date, last_day date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- What is true of the rows of the UTC days first_day to last_day, both included, or NULL where the template names no
-- time column. The bounds have the column's own type, so that the planner can compare them with a report's.
DECLARE
    time_type text;
    zone text;
BEGIN
    SELECT c.data_type INTO time_type FROM _wh.template_columns c
    WHERE c.template_name = template.template_name AND c.column_name = template.time_column;
    IF time_type IS NULL THEN
        RETURN NULL;
    END IF;
    zone := CASE WHEN time_type LIKE '%with time zone' THEN ' 00:00:00+00' ELSE '' END;
    RETURN format('%1$I >= %2$L::%4$s AND %1$I < %3$L::%4$s', template.time_column,
        to_char(first_day::timestamp, 'YYYY-MM-DD') || zone, to_char((last_day + 1)::timestamp, 'YYYY-MM-DD') || zone, time_type);
END
$$;
