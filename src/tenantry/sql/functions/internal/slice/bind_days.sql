CREATE OR REPLACE FUNCTION _wh_internal.bind_days(feed _wh.feeds, relation regclass, first_day date,
    last_day date, former oid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bind the records of days that were rewritten into a table to that table: to its filling, and to the number
-- of rows it stores. A source's digest stays valid if it was recorded for one of the fillings that the rows
-- were copied from (`former`).
DECLARE
    counts jsonb := _wh_internal.count_stored(feed, relation::text, false, first_day, last_day);
BEGIN
    UPDATE _wh.slices s SET filenode = pg_relation_filenode(relation), row_count = n.row_count,
        digest = CASE WHEN coalesce(s.filenode = ANY (former), true)
        AND _wh_internal.digest_rows(s.digest) = n.row_count THEN s.digest END
    FROM generate_series(0, last_day - first_day) g
    CROSS JOIN LATERAL (SELECT coalesce((counts ->> to_char((first_day + g)::timestamp,
        'YYYY-MM-DD'))::bigint, 0) AS row_count) n
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = first_day + g AND s.loaded_at IS NOT NULL;
END
$$;
