CREATE OR REPLACE FUNCTION _wh_internal.source_extent(template_name text, tenant_name text, schema_name text,
    OUT first_day date, OUT last_day date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The first and last UTC day for which the source has rows, or NULLs. It orders with a limit instead of using
-- min and max over the joins, so that an index on the time column answers at once. Implausible years are left
-- out: see source_odd_days.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    span text;
    opened boolean := _wh_internal.begin_source(tenant_name);
    detail text;
    hint text;
    context text;
BEGIN
    span := _wh_internal.range_query(template, schema_name, '1900-01-01 00:00:00+00',
        '9999-12-31 00:00:00+00',
        _wh_internal.source_names(template, tenant_name, schema_name));
    EXECUTE format('SELECT * FROM %I.dblink(%L, %L) AS t(first_day date, last_day date)',
        _wh_internal.dblink_schema(),
        _wh_internal.known_server(tenant_name),
        format('SELECT (SELECT slice_date FROM (%1$s) s ORDER BY at LIMIT 1), (SELECT slice_date FROM (%1$s) '
            's ORDER BY at DESC LIMIT 1)', span))
    INTO first_day, last_day;
    PERFORM _wh_internal.end_source(tenant_name, opened);
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
