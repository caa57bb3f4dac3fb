CREATE OR REPLACE FUNCTION _wh_internal.digest_query(feed _wh.feeds, first_day date, last_day date,
    given text[] DEFAULT NULL,
    source_types oid[] DEFAULT NULL, as_kept boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The source's query for each UTC day from first_day to last_day and its digest: 1 (the version of the
-- method), the number of rows, and the sum of a 64-bit hash of each row. A sum does not depend on the order
-- of the rows, and two equal rows do not cancel each other out. Rows outside the days appear as additional
-- days. Sessions on a source run in UTC.
--
-- row_hash gives the hash of a row, as the source has the row or, with `as_kept`, as the warehouse stores it.
-- `given` and `source_types` are the names and types of the query's columns that the source reports, in the
-- source's order.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    places integer[] := CASE WHEN source_types IS NOT NULL
        THEN _wh_internal.match_columns(template, given) END;
    row_hash text := _wh_internal.row_hash(template, CASE WHEN source_types IS NOT NULL THEN ARRAY(
        SELECT source_types[p.place] FROM unnest(places) WITH ORDINALITY p (place, n)
        ORDER BY p.n) END, as_kept);
    hashes text;
BEGIN
    IF template.time_column IS NOT NULL AND _wh_internal.range_capable(template) THEN
        hashes := format('SELECT %I::date, %s FROM %s', template.time_column, row_hash,
            _wh_internal.named_query(template,
            _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name, first_day,
                last_day), given));
    ELSE
        SELECT string_agg(format('SELECT DATE %L, %s FROM %s', to_char(day, 'YYYY-MM-DD'), row_hash,
            _wh_internal.named_query(template,
            _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name, day::date,
                day::date), given)), ' UNION ALL ' ORDER BY day)
        INTO hashes FROM generate_series(first_day::timestamp, last_day::timestamp, '1 day') day;
    END IF;
    -- The days themselves, so that a day without rows has a digest as well.
    RETURN format($q$SELECT day, '1:' || count(row_hash) || ':' || coalesce(sum(row_hash), 0)
        FROM (SELECT DATE %L + n, NULL::bigint FROM generate_series(0, %s) n
        UNION ALL %s) AS d(day, row_hash) GROUP BY day$q$,
        to_char(first_day::timestamp, 'YYYY-MM-DD'), last_day - first_day, hashes);
END
$$;
