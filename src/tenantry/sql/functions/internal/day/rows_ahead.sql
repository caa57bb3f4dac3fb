CREATE OR REPLACE FUNCTION _wh_internal.rows_ahead(template_name text, tenant_name text, schema_name text)
    RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- How many rows of the source are dated after the last day that may be loaded, and so are left out. Rows
-- after the year 9999 count in source_odd_days instead.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    opened boolean := _wh_internal.begin_source(tenant_name);
    found bigint;
    detail text;
    hint text;
    context text;
BEGIN
    EXECUTE format('SELECT n FROM %I.dblink(%L, %L) AS t(n bigint)', _wh_internal.dblink_schema(),
        _wh_internal.known_server(tenant_name),
        format('SELECT count(*) FROM (%s) s', _wh_internal.range_query(template, schema_name,
            to_char((_wh_internal.latest_day(template_name) + 1)::timestamp, 'YYYY-MM-DD 00:00:00"+00"'),
            '9999-12-31 00:00:00+00',
            _wh_internal.source_names(template, tenant_name, schema_name)))) INTO found;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    RETURN found;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
