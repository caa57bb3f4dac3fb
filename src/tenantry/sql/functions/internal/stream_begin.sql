CREATE OR REPLACE FUNCTION _wh_internal.stream_begin(feed _wh.feeds, first_day date, last_day date, source_types oid[], staged boolean, asked timestamptz,
    OUT from_source text, OUT into_warehouse text, OUT strays text, OUT target text, OUT start_block bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Lock the days, and say what to copy: COPY statements for both ends, and a query for rows outside the days. Days with
-- nothing in them yet go straight into their table (start_block: where new rows begin), others into a staging table.
-- `asked`: the moment that the source's rows are of, if that has passed; somebody may have pulled newer ones since.
-- A column whose type at the source is another than declared goes through text, as it does through dblink: so a
-- fraction never becomes an integer unnoticed. Types that are not PostgreSQL's own have no common binary form.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    columns text := _wh_internal.column_list(template.template_name);
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    -- Query and columns may end in a comment, hence the line breaks.
    query text := format(E'(%s\n) AS q(%s)', _wh_internal.render_query(template.query_template, feed.schema_name, first_day, last_day), columns);
    own_types boolean;
    declared integer;
    selected text;
    copy_options text;
BEGIN
    IF (_wh_internal.hold_feed(feed)).storage <> 'partition' THEN
        RAISE EXCEPTION '%.% was moved to materialized views meanwhile', feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the same command again.';
    END IF;
    PERFORM _wh_internal.lock_slice(feed, first_day + n) FROM generate_series(0, last_day - first_day) n;
    IF _wh_internal.loaded_since(feed, first_day, last_day, asked) THEN
        RAISE EXCEPTION '%.%: days were loaded by somebody else after the source was asked for them', feed.schema_name, feed.template_name
            USING ERRCODE = 'serialization_failure', HINT = 'Ask again.';
    END IF;
    -- format() writes a value as the type's own output does; a cast to text would not, for boolean, char(n) and inet.
    -- Without a length the names char and bit would mean a length of one.
    SELECT count(*), bool_and(t.oid < 10000 AND t.typsend <> 0),
        string_agg(CASE WHEN t.oid = source_types[c.position] THEN quote_ident(c.column_name)
            ELSE format('CASE WHEN %1$I IS DISTINCT FROM NULL THEN format(''%%s'', %1$I) END::%2$s', c.column_name, format_type(t.oid, -1)) END,
            ', ' ORDER BY c.position)
    INTO declared, own_types, selected
    FROM _wh.template_columns c JOIN pg_type t ON t.oid = to_regtype(c.data_type)
    WHERE c.template_name = template.template_name;
    -- Fewer are refused by the source itself.
    IF cardinality(source_types) > declared THEN
        RAISE EXCEPTION '%.%: the query gives % columns, and % are declared', feed.schema_name, feed.template_name, cardinality(source_types), declared
            USING ERRCODE = 'datatype_mismatch', HINT = 'Name each column of the query in column_definitions, in the same order.';
    END IF;
    copy_options := CASE WHEN own_types THEN '(FORMAT binary)' ELSE '(FORMAT text)' END;
    from_source := format('COPY (SELECT %s FROM %s) TO STDOUT %s', CASE WHEN own_types THEN selected ELSE columns END, query, copy_options);
    strays := format('SELECT to_jsonb(q)::text FROM %s WHERE (%s) IS NOT TRUE LIMIT 3', query, predicate);
    target := _wh_internal.partition_find(feed, first_day)::text;
    IF staged OR EXISTS (SELECT FROM _wh.slices s WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day AND s.loaded_at IS NOT NULL) THEN
        EXECUTE format(E'CREATE TEMPORARY TABLE tenantry_stage (%s\n) ON COMMIT DROP', template.column_definitions);
        target := 'pg_temp.tenantry_stage';
    END IF;
    -- The first rows fill pages that are there already, the last ones and those that another load at work made beforehand.
    start_block := greatest(0, pg_relation_size(target::regclass) / current_setting('block_size')::bigint - 1024);
    into_warehouse := format('COPY %s (%s) FROM STDIN %s WHERE %s', target, columns, copy_options, predicate);
END
$$;
