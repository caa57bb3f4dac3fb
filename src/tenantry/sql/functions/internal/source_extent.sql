CREATE OR REPLACE FUNCTION _wh_internal.source_extent(template_name text, tenant_name text, schema_name text, OUT first_day date, OUT last_day date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The first and last UTC day for which the source has rows, or NULLs. Ordered with a limit rather than min and max over
-- the joins, so that an index on the time column answers at once.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    span text := _wh_internal.range_query(template, schema_name, '-infinity', 'infinity');
BEGIN
    EXECUTE format('SELECT * FROM %I.dblink(%L, %L) AS t(first_day date, last_day date)', _wh_internal.dblink_schema(),
        _wh.get_tenant_connection_string(tenant_name),
        format('SELECT (SELECT slice_date FROM (%1$s) s ORDER BY %2$I LIMIT 1), (SELECT slice_date FROM (%1$s) s ORDER BY %2$I DESC LIMIT 1)',
            span, template.time_column))
    INTO first_day, last_day;
END
$$;
