CREATE OR REPLACE FUNCTION _wh_internal.day_of(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The UTC day of a row, as an expression of the template's time column.
    SELECT format('(%I%s)::date', c.column_name, CASE WHEN c.data_type LIKE '%with time zone' THEN ' AT TIME ZONE ''UTC''' ELSE '' END)
    FROM _wh.template_columns c WHERE c.template_name = template.template_name AND c.column_name = template.time_column
$$;
