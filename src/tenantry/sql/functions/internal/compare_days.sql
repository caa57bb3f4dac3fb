CREATE OR REPLACE FUNCTION _wh_internal.compare_days(template_name text, tenant_name text, schema_name text, first_day date, last_day date)
RETURNS TABLE (day date, source_rows bigint, warehouse_rows bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Rows per UTC day at the source now, beside the rows that are stored, whatever is on record of them. A template that cannot be asked for many days at
-- once is asked day by day within one statement, for a month at the most.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    counts text;
    opened boolean := _wh_internal.begin_source(tenant_name);
BEGIN
    IF last_day - first_day > 30 OR template.time_column IS NOT NULL AND _wh_internal.range_capable(template) THEN
        counts := format('SELECT slice_date, count(*) FROM (%s) s GROUP BY 1', _wh_internal.range_query(template, schema_name,
            to_char(first_day::timestamp, 'YYYY-MM-DD 00:00:00"+00"'), to_char((last_day + 1)::timestamp, 'YYYY-MM-DD 00:00:00"+00"'),
            _wh_internal.source_names(template, tenant_name, schema_name)));
    ELSE
        -- The query may end in a comment, hence the line break.
        SELECT string_agg(format(E'SELECT DATE %L, count(*) FROM (%s\n) AS q', to_char(g.day, 'YYYY-MM-DD'),
            _wh_internal.render_query(template.query_template, schema_name, g.day::date, g.day::date)), ' UNION ALL ' ORDER BY g.day)
        INTO counts FROM generate_series(first_day::timestamp, last_day::timestamp, '1 day') AS g(day);
    END IF;
    RETURN QUERY EXECUTE format($q$
        SELECT d.day::date, coalesce(o.n, 0), coalesce(w.row_count, 0)
        FROM generate_series(%1$L::timestamp, %2$L::timestamp, '1 day') AS d(day)
        LEFT JOIN %3$I.dblink(%4$L, %5$L) AS o(day date, n bigint) ON o.day = d.day
        LEFT JOIN (SELECT c.slice_date, c.row_count FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.count_span(f, %1$L, %2$L) c
            WHERE f.schema_name = %6$L AND f.template_name = %7$L) w ON w.slice_date = d.day
        $q$, first_day, last_day, _wh_internal.dblink_schema(), _wh.get_tenant_connection_string(tenant_name), counts,
        schema_name, template_name);
    PERFORM _wh_internal.end_source(tenant_name, opened);
EXCEPTION WHEN query_canceled OR OTHERS THEN
    PERFORM _wh_internal.end_source(tenant_name, opened);
    RAISE;
END
$$;
