CREATE OR REPLACE FUNCTION _wh_internal.count_span(feed _wh.feeds, first_day date, last_day date)
RETURNS TABLE (slice_date date, filenode oid, row_count bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- How many rows are stored for each day of a span that some relation should hold, whatever the records
    -- say; NULL if the relation cannot tell. OFFSET keeps PostgreSQL from counting again for each day.
    SELECT b.first_day + n, t.filenode, CASE WHEN c.counts IS NOT NULL
        THEN coalesce((c.counts ->> to_char((b.first_day + n)::timestamp, 'YYYY-MM-DD'))::bigint, 0) END
    FROM _wh_internal.slice_tables(feed) t
    CROSS JOIN LATERAL (SELECT greatest(t.first_day, count_span.first_day) AS first_day,
        least(t.last_day, count_span.last_day) AS last_day) b
    CROSS JOIN LATERAL (SELECT _wh_internal.count_stored(feed, t.name, t.daily, b.first_day,
        b.last_day) AS counts OFFSET 0) c
    CROSS JOIN LATERAL generate_series(0, b.last_day - b.first_day) n
    WHERE b.first_day <= b.last_day
$$;
