CREATE OR REPLACE FUNCTION _wh_internal.source_odd_days(template_name text, tenant_name text,
    schema_name text,
    OUT row_count bigint, OUT first_time text, OUT last_time text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- How many rows of the source lie before 1900 or after 9999 (mistyped years, and -infinity), and the first
-- and last time of those rows. Nobody wants to load all the days in between. Times are text, because neither
-- Python nor a slice's name has room for such years.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    opened boolean := _wh_internal.begin_source(tenant_name);
    names text[];
    detail text;
    hint text;
    context text;
BEGIN
    names := _wh_internal.source_names(template, tenant_name, schema_name);
    EXECUTE format('SELECT * FROM %I.dblink(%L, %L) AS t(row_count bigint, first_time text, last_time text)',
        _wh_internal.dblink_schema(),
        _wh_internal.known_server(tenant_name),
        format('SELECT count(*), min(at)::text, max(at)::text FROM (%s UNION ALL %s) s',
            _wh_internal.range_query(template, schema_name, '-infinity', '1900-01-01 00:00:00+00', names),
            _wh_internal.range_query(template, schema_name, '9999-12-31 00:00:00+00', 'infinity', names)))
    INTO row_count, first_time, last_time;
    PERFORM _wh_internal.end_source(tenant_name, opened);
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
