CREATE OR REPLACE FUNCTION _wh_internal.range_query(template _wh.mv_templates, schema_name text,
    start_time text, end_time text, given text[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- A query for the time and the UTC day (at, slice_date) of each row of a template over any span. Only for
-- templates that use {START_TIME} and {END_TIME} and name their time column. `given` are the source's names
-- of the query's columns; NULL means that their number is wrong, which the source refuses.
DECLARE
    query text := _wh_internal.fill_schema(
        replace(replace(_wh_internal.bare_query(_wh_internal.template_query(template)),
        '{START_TIME}', start_time), '{END_TIME}', end_time), schema_name);
BEGIN
    IF template.time_column IS NULL OR template.query_template NOT LIKE '%{START_TIME}%'
        OR template.query_template NOT LIKE '%{END_TIME}%' THEN
        RAISE EXCEPTION 'template "%" cannot load more than one day at once', template.template_name
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Give the days yourself (--from), or write the query with {START_TIME} and {END_TIME} '
                'and set time_column.';
    END IF;
    RETURN format('SELECT %1$I AS at, (%1$I%2$s)::date AS slice_date FROM %3$s WHERE %1$I IS NOT NULL',
        template.time_column,
        _wh_internal.day_zone(template), _wh_internal.named_query(template, query, given));
END
$$;
