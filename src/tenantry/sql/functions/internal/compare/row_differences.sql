CREATE OR REPLACE FUNCTION _wh_internal.row_differences(feed _wh.feeds, day date, staged regclass,
    most integer)
RETURNS TABLE (kind text, key text, columns text[], at_source text[], in_warehouse text[], total bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- The rows in which a day as the source returned it (`staged`, a table with the template's columns) differs
-- from what reports see: missing (in the warehouse), extra (not at the source) or changed, with the columns
-- that differ and both values. Returns at most `most` rows, with the total. Rows are compared by their text,
-- which tells NULL from an empty text, 1.0 from 1.00 and 0 from -0; each copy of a duplicate row counts. Rows
-- are paired by the unique key, if there is one. Columns are named by their position here (c1, c2, ...),
-- because a template's column may have any name.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    keys text[] := _wh_internal.feed_key(feed, day);
    places text;
    key_text text;
    changed text;
    theirs text;
    ours text;
BEGIN
    SELECT string_agg('c' || c.position, ', ' ORDER BY c.position),
        format('ROW(%s)::text', string_agg('c' || c.position, ', '
        ORDER BY array_position(keys, c.column_name)) FILTER (WHERE c.column_name = ANY (keys))),
        string_agg(format('CASE WHEN (s.%1$s IS NULL) <> (t.%1$s IS NULL) OR format(''%%s'', s.%1$s) <> '
            'format(''%%s'', t.%1$s) THEN %2$L END',
            'c' || c.position, c.column_name), ', ' ORDER BY c.position),
        string_agg(format('CASE WHEN s.%1$s IS NOT NULL THEN left(format(''%%s'', s.%1$s), 200) END',
            'c' || c.position), ', ' ORDER BY c.position),
        string_agg(format('CASE WHEN t.%1$s IS NOT NULL THEN left(format(''%%s'', t.%1$s), 200) END',
            'c' || c.position), ', ' ORDER BY c.position)
    INTO places, key_text, changed, theirs, ours
    FROM _wh.template_columns c WHERE c.template_name = template.template_name;
    RETURN QUERY EXECUTE format($q$
        WITH s AS (SELECT *, row_number() OVER (PARTITION BY image) AS copy FROM (
                SELECT *, ROW(%1$s)::text AS image FROM (SELECT %2$s FROM %3$s) r (%1$s)) r),
            t AS (SELECT *, row_number() OVER (PARTITION BY image) AS copy FROM (
                SELECT *, ROW(%1$s)::text AS image FROM (%4$s) r (%1$s, day)) r),
            missing AS (SELECT s.*, %5$s AS key_text FROM s
                WHERE NOT EXISTS (SELECT FROM t WHERE t.image = s.image AND t.copy = s.copy)),
            extra AS (SELECT t.*, %5$s AS key_text FROM t
                WHERE NOT EXISTS (SELECT FROM s WHERE s.image = t.image AND s.copy = t.copy)),
            theirs AS (SELECT *, row_number() OVER (PARTITION BY key_text ORDER BY image) AS n FROM missing),
            ours AS (SELECT *, row_number() OVER (PARTITION BY key_text ORDER BY image) AS n FROM extra)
        SELECT CASE WHEN t.image IS NULL THEN 'missing' WHEN s.image IS NULL THEN 'extra' ELSE 'changed' END,
            coalesce(s.key_text, t.key_text, left(coalesce(s.image, t.image), 200)),
            CASE WHEN s.image IS NOT NULL AND t.image IS NOT NULL THEN array_remove(ARRAY[%6$s], NULL) END,
            CASE WHEN s.image IS NOT NULL THEN ARRAY[%7$s]::text[] END, CASE WHEN t.image IS NOT NULL
                THEN ARRAY[%8$s]::text[] END,
            count(*) OVER ()
        FROM theirs s FULL JOIN ours t ON s.key_text = t.key_text AND s.n = t.n
        ORDER BY 2, 1 LIMIT %9$s$q$,
        places, _wh_internal.column_list(template.template_name), staged,
            _wh_internal.stored_rows(feed, template, day, day),
        CASE WHEN keys IS NULL THEN 'NULL::text' ELSE key_text END, changed, theirs, ours, most);
END
$$;
