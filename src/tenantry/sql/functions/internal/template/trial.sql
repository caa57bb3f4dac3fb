CREATE OR REPLACE FUNCTION _wh_internal.trial(template _wh.mv_templates, tenant text, connection text,
    day date, sample_rows integer, until timestamptz)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- What a source returns for one day of a template whose columns are already stored: counts, types, the plan,
-- and some rows with shortened cells. Each query is one statement, with the template's query in parentheses,
-- in the transaction that the caller has begun.
DECLARE
    width CONSTANT integer := 200;
    query text := _wh_internal.render_query(_wh_internal.template_query(template), tenant, day, day);
    columns jsonb := _wh_internal.described(query, connection, until);
    names text[] := ARRAY(SELECT c ->> 'name' FROM jsonb_array_elements(columns) c);
    places integer[];
    named text;
    nodes jsonb;
    scans jsonb;
    sample jsonb;
    started timestamptz;
    measured text[];
    asked numeric;
    limits record;
BEGIN
    places := _wh_internal.match_columns(template, names);
    SELECT jsonb_agg((SELECT jsonb_object_agg(e.key, CASE jsonb_typeof(e.value) WHEN 'string'
        THEN to_jsonb(_wh_internal.visible(e.value #>> '{}'::text[])) ELSE e.value END)
            FROM jsonb_each(n) e
            WHERE e.key IN ('Node Type', 'Schema', 'Relation Name', 'Index Cond', 'Filter', 'Join Filter',
                'Total Cost', 'Plan Rows')))
    INTO nodes
    FROM _wh_internal.ask_source(connection,
        format(E'EXPLAIN (VERBOSE, FORMAT JSON) SELECT * FROM (%s\n) AS q', query), until) a
    CROSS JOIN LATERAL jsonb_path_query(a::jsonb, 'strict $.** ? (exists(@."Node Type"))') n;
    SELECT coalesce(jsonb_agg(jsonb_build_object('schema', _wh_internal.visible(s.cells[1]), 'table',
        _wh_internal.visible(s.cells[2]),
        'rows', s.cells[3]::bigint, 'bytes', s.cells[4]::bigint)), '[]') INTO scans
    FROM _wh_internal.ask_source(connection,
        format('SELECT ARRAY[n.nspname, c.relname, c.reltuples::pg_catalog.int8::pg_catalog.text, '
        'pg_catalog.pg_relation_size(c.oid)::pg_catalog.text]::pg_catalog.text FROM pg_catalog.pg_class c '
            'JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace '
        'WHERE ROW(n.nspname, c.relname) IN (%s)',
            coalesce((SELECT string_agg(format('(%L, %L)', n ->> 'Schema', n ->> 'Relation Name'), ', ')
            FROM jsonb_array_elements(nodes) n
                WHERE n ->> 'Node Type' = 'Seq Scan'), '(NULL, NULL)')), until) a
    CROSS JOIN LATERAL (SELECT a::text[] AS cells) s;
    named := _wh_internal.named_query(template, query, names);
    started := clock_timestamp();
    SELECT a::text[] INTO measured
        FROM _wh_internal.ask_source(connection, format('SELECT ARRAY[pg_catalog.count(*), '
        'coalesce(pg_catalog.sum(pg_catalog.pg_column_size(q.*)), 0)::pg_catalog.int8, pg_catalog.count(*) '
            'FILTER (WHERE (%s) IS NOT TRUE), coalesce(pg_catalog.max(pg_catalog.pg_column_size(q.*)), '
            '0)]::pg_catalog.text FROM %s',
        coalesce(_wh_internal.day_predicate(template, day, day), 'true'), named), until) a;
    asked := extract(epoch FROM clock_timestamp() - started);
    SELECT l.* INTO limits FROM _wh.tenant_connections c CROSS
        JOIN LATERAL _wh_internal.source_limits(c.options) l WHERE c.tenant_name = connection;
    IF measured[2]::bigint > limits.max_bytes OR measured[4]::bigint > limits.max_row_bytes THEN
        RAISE EXCEPTION 'a load would refuse the day: it has % bytes, % of them in one row, but the '
            'connection allows % and %',
            measured[2], measured[4], limits.max_bytes, limits.max_row_bytes
            USING ERRCODE = 'program_limit_exceeded',
                HINT = 'Load less, or ask whadmin to raise max_bytes or max_row_bytes of the connection.';
    END IF;
    SELECT coalesce(jsonb_agg((SELECT jsonb_agg(_wh_internal.visible(c.cell) ORDER BY c.n)
        FROM unnest(a::text[]) WITH ORDINALITY AS c (cell, n))), '[]') INTO sample
    FROM _wh_internal.ask_source(connection, format('SELECT ARRAY[%s]::pg_catalog.text FROM %s LIMIT %s',
        (SELECT string_agg(format('pg_catalog.left(q.%I::pg_catalog.text, %s)', c.column_name, width), ', '
        ORDER BY c.position)
            FROM _wh.template_columns c WHERE c.template_name = template.template_name), named,
        -- Limit the cells, not the rows: a source could return any number of columns.
        least(sample_rows, greatest(1, 20000 / cardinality(places)))), until) a;
    RETURN jsonb_build_object('rows', measured[1]::bigint, 'bytes', measured[2]::bigint, 'strays',
        measured[3]::bigint,
        'seconds', round(asked, 3),
        'columns', (SELECT jsonb_agg(jsonb_build_object('name', c.column_name, 'type', c.data_type, 'source',
            columns -> (places[c.position] - 1) -> 'source')
            ORDER BY c.position) FROM _wh.template_columns c WHERE c.template_name = template.template_name),
        'given', columns, 'sample', sample, 'plan', nodes, 'scans', scans);
END
$$;
