CREATE OR REPLACE FUNCTION _wh_internal.day_predicate(template _wh.mv_templates, first_day date,
    last_day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A condition for the rows of the UTC days from first_day to last_day, both included, or NULL if the
    -- template has no time column. The bounds have the column's own type, so that the planner can compare
    -- them with a report's.
    SELECT format('%1$I >= %2$s AND %1$I < %3$s', template.time_column,
        _wh_internal.day_bound(template, first_day),
        _wh_internal.day_bound(template, last_day + 1))
    WHERE template.time_column IS NOT NULL
$$;
