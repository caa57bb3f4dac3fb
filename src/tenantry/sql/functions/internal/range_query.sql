CREATE OR REPLACE FUNCTION _wh_internal.range_query(template _wh.mv_templates, schema_name text, start_time text, end_time text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- A template's query over any span, with the template's column names and the UTC day as slice_date. Only for templates
-- that take {START_TIME} and {END_TIME} and name their time column.
DECLARE
    time_type text;
BEGIN
    SELECT c.data_type INTO time_type FROM _wh.template_columns c
    WHERE c.template_name = template.template_name AND c.column_name = template.time_column;
    IF time_type IS NULL OR template.query_template NOT LIKE '%{START_TIME}%' OR template.query_template NOT LIKE '%{END_TIME}%' THEN
        RAISE EXCEPTION 'template "%" cannot be asked for more than a day at once', template.template_name
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Give the days yourself (--from), or write the query with {START_TIME} and {END_TIME} and set time_column.';
    END IF;
    -- The query may end in a comment, hence the line break.
    RETURN format(E'SELECT *, (%1$I%2$s)::date AS slice_date FROM (%3$s\n) AS q(%4$s) WHERE %1$I IS NOT NULL', template.time_column,
        CASE WHEN time_type LIKE '%with time zone' THEN ' AT TIME ZONE ''UTC''' ELSE '' END,
        replace(replace(replace(regexp_replace(template.query_template, ';[[:space:]]*$', ''),
            '{START_TIME}', start_time), '{END_TIME}', end_time), '''{SCHEMA}''', quote_literal(schema_name)),
        _wh_internal.column_list(template.template_name));
END
$$;
