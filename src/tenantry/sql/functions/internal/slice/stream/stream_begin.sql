CREATE OR REPLACE FUNCTION _wh_internal.stream_begin(feed _wh.feeds, first_day date, last_day date,
    given text[], source_types oid[], staged boolean,
    OUT from_source text, OUT into_warehouse text, OUT strays text, OUT target text, OUT start_block bigint,
    OUT stored text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Call it after stream_lock, when the source has reported the names and types of the query's columns. Returns
-- the COPY statements for both ends, and a query for rows outside the days. Days without rows in the table go
-- straight into it (start_block: where new rows begin). Of others, only rows that are not stored go into a
-- staging table, which stream_stage makes then; stored is the COPY that returns the rows to compare with. If
-- they cannot be compared, or with `staged`, all rows go there. If a column's type at the source differs from
-- the declared type, the value goes through text, as through dblink, so that a fraction never turns into an
-- integer unnoticed. Types that are not PostgreSQL's own have no common binary form, and a number that stands
-- for an object of one database would name another object here.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    columns text := _wh_internal.column_list(template.template_name);
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    places integer[] := _wh_internal.match_columns(template, given);
    query text := _wh_internal.named_query(template,
        _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name, first_day,
        last_day), given);
    own_types boolean;
    selected text;
    copy_options text;
BEGIN
    -- format() writes a value as the type's output function does; a cast to text would not, for boolean,
    -- char(n) and inet. Without a length, the names char and bit would mean a length of one.
    SELECT bool_and(t.oid < 10000 AND t.typsend <> 0) AND NOT _wh_internal.has_local_type(array_agg(t.oid)),
        string_agg(CASE WHEN t.oid = source_types[places[c.position]] THEN quote_ident(c.column_name)
            ELSE format('CASE WHEN %1$I IS DISTINCT FROM NULL THEN format(''%%s'', %1$I) END::%2$s',
            c.column_name, format_type(t.oid, -1)) END,
            ', ' ORDER BY c.position)
    INTO own_types, selected
    FROM _wh.template_columns c JOIN pg_type t ON t.oid = to_regtype(c.data_type)
    WHERE c.template_name = template.template_name;
    copy_options := CASE WHEN own_types THEN '(FORMAT binary)' ELSE '(FORMAT text)' END;
    from_source := format('COPY (SELECT %s FROM %s%s) TO STDOUT %s', CASE WHEN own_types THEN selected
        ELSE columns END, query,
        ' WHERE ' || _wh_internal.row_limit(template, places, source_types, feed.tenant_name), copy_options);
    strays := format('SELECT to_jsonb(q.*)::text FROM %s WHERE (%s) IS NOT TRUE LIMIT 3', query, predicate);
    target := (_wh_internal.storage_holder(feed, first_day)).relid::regclass::text;
    -- The table may hold other tenants' rows, too. The rows that are copied into it get this tenant's name.
    PERFORM set_config('tenantry.tenant', feed.schema_name, true);
    IF staged OR (_wh_internal.storage_traits(feed.storage)).distributed
        OR _wh_internal.kept_relation(_wh_internal.former_rows(feed)) IS NOT NULL
        OR EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day AND s.loaded_at IS NOT NULL)
        OR _wh_internal.days_have_rows(feed, template, target::regclass, first_day, last_day)
    THEN
        IF own_types AND NOT staged THEN
            stored := _wh_internal.stored_images(feed, template, target::regclass, first_day, last_day);
        END IF;
        IF stored IS NULL THEN
            PERFORM _wh_internal.stream_stage(template.template_name);
        END IF;
        target := 'pg_temp.tenantry_stage';
    END IF;
    -- The first rows fill existing pages; the last ones also fill pages that another running load has added
    -- beforehand.
    start_block := greatest(0,
        pg_relation_size(to_regclass(target)) / current_setting('block_size')::bigint - 1024);
    into_warehouse := format('COPY %s (%s) FROM STDIN %s WHERE %s', target, columns, copy_options, predicate);
END
$$;
