CREATE OR REPLACE FUNCTION _wh_internal.ask_ranges(template_name text, tenant_name text, schema_name text,
    shape text, asked text, bounds text[]) RETURNS record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The row that a source answers to a query of a template's ranges, in one transaction there, which ends
-- whatever happens. `asked` holds a placeholder of format (%1$s, …) for each range, `bounds` the beginning
-- and the end of each; `shape` names the columns of the answer, with their types.
DECLARE
    template _wh.mv_templates := _wh_internal.for_tenant(
        _wh_internal.find_template(template_name), schema_name);
    opened boolean := _wh_internal.begin_source(tenant_name);
    names text[];
    ranges text[] := '{}'::text[];
    answer record;
    detail text;
    hint text;
    context text;
BEGIN
    names := _wh_internal.source_names(template, tenant_name, schema_name);
    FOR i IN 1 .. cardinality(bounds) BY 2 LOOP
        ranges := ranges || _wh_internal.range_query(template, schema_name, bounds[i], bounds[i + 1], names);
    END LOOP;
    EXECUTE format('SELECT * FROM %I.dblink(%L, %L) AS t(%s)', _wh_internal.dblink_schema(),
        _wh_internal.known_server(tenant_name), format(asked, VARIADIC ranges), shape) INTO answer;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    RETURN answer;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.end_source(tenant_name, opened);
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
