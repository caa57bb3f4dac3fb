CREATE OR REPLACE FUNCTION _wh_internal.stream_begin(feed _wh.feeds, first_day date, last_day date,
    given text[], source_types oid[], OUT from_source text, OUT strays text, OUT own_types boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Call it after stream_lock, when the source has reported the names and types of the query's columns. Returns
-- the COPY statement for the source, a query for rows outside the days, and whether the COPY is in binary
-- form. If a column's type at the source differs from the declared type, the value goes through text, as
-- through dblink, so that a fraction never turns into an integer unnoticed. Types that are not PostgreSQL's
-- own have no common binary form, and a number that stands for an object of one database would name another
-- object here.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    places integer[] := _wh_internal.match_columns(template, given);
    query text := _wh_internal.named_query(template,
        _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name, first_day,
        last_day), given);
    selected text;
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
    from_source := format('COPY (SELECT %s FROM %s%s) TO STDOUT %s', CASE WHEN own_types THEN selected
        ELSE _wh_internal.column_list(template.template_name) END, query,
        ' WHERE ' || _wh_internal.row_limit(template, places, source_types, feed.tenant_name),
        CASE WHEN own_types THEN '(FORMAT binary)' ELSE '(FORMAT text)' END);
    strays := format('SELECT to_jsonb(q.*)::text FROM %s WHERE (%s) IS NOT TRUE LIMIT 3', query,
        _wh_internal.day_predicate(template, first_day, last_day));
END
$$;
