CREATE OR REPLACE FUNCTION _wh_internal.digest_query(feed _wh.feeds, first_day date, last_day date, given text[] DEFAULT NULL, source_types oid[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The source's query for a day and its digest, for each UTC day from first_day to last_day: 1 (how digests are made), the
-- rows, and the sum of a 64-bit hash of each row. A sum does not depend on the order of the rows, and two equal rows do not
-- cancel each other out. Rows outside the days show as further days. Sessions on a source run in UTC.
--
-- A row's hash is that of its binary image, as COPY would send it: the hashes of the types themselves do not know -1 from
-- 1, nor 1.0 from 1.00. Where the source's own types are known, columns that are text there go into the seed of that hash
-- by their own, which is faster. All these functions are there since PostgreSQL 11. `given` and `source_types` are what the
-- source says of the query's columns, in their order there.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    places integer[] := CASE WHEN source_types IS NOT NULL THEN _wh_internal.match_columns(template, given) END;
    row_hash text;
    hashes text;
BEGIN
    SELECT format('hash_array_extended(ARRAY[record_send(ROW(%s))], %s)',
        string_agg(quote_ident(c.column_name), ', ' ORDER BY c.position) FILTER (WHERE NOT c.is_text),
        coalesce(string_agg(format('coalesce(hashtextextended(%I COLLATE "C", %s), 0)', c.column_name, c.position), ' # ' ORDER BY c.position)
            FILTER (WHERE c.is_text), '0'))
    INTO row_hash
    FROM (SELECT t.*, coalesce(source_types[places[t.position]] IN ('text'::regtype, 'varchar'::regtype), false) AS is_text
        FROM _wh.template_columns t WHERE t.template_name = template.template_name) c;
    IF template.time_column IS NOT NULL AND _wh_internal.range_capable(template) THEN
        hashes := format('SELECT %I::date, %s FROM %s', template.time_column, row_hash, _wh_internal.named_query(template,
            _wh_internal.render_query(template.query_template, feed.schema_name, first_day, last_day), given));
    ELSE
        SELECT string_agg(format('SELECT DATE %L, %s FROM %s', to_char(day, 'YYYY-MM-DD'), row_hash, _wh_internal.named_query(template,
            _wh_internal.render_query(template.query_template, feed.schema_name, day::date, day::date), given)), ' UNION ALL ' ORDER BY day)
        INTO hashes FROM generate_series(first_day::timestamp, last_day::timestamp, '1 day') day;
    END IF;
    -- The days themselves, so that one without rows has a digest, too.
    RETURN format($q$SELECT day, '1:' || count(row_hash) || ':' || coalesce(sum(row_hash), 0)
        FROM (SELECT DATE %L + n, NULL::bigint FROM generate_series(0, %s) n UNION ALL %s) AS d(day, row_hash) GROUP BY day$q$,
        to_char(first_day::timestamp, 'YYYY-MM-DD'), last_day - first_day, hashes);
END
$$;
