CREATE OR REPLACE FUNCTION _wh_internal.day_zone(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What follows the time column in an expression for its UTC day: a time with a zone is converted to UTC
    -- first.
    SELECT CASE WHEN c.data_type LIKE '%with time zone' THEN ' AT TIME ZONE ''UTC''' ELSE '' END
    FROM _wh.template_columns c WHERE c.template_name = template.template_name
        AND c.column_name = template.time_column
$$;
