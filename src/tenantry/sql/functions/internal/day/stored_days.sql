CREATE OR REPLACE FUNCTION _wh_internal.stored_days(feed _wh.feeds, counted boolean DEFAULT true)
RETURNS TABLE (slice_date date, filenode oid, row_count bigint, bound boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The days whose rows are in the warehouse. The record of a load proves its rows only while it is bound to
-- the present filling of the relation that holds them. If the relation was created again or rewritten (VACUUM
-- FULL, a restored dump, TRUNCATE, DROP), its rows are counted, and a day is present if the count matches its
-- record. A materialized view is populated as a whole or not at all, so it needs no count; unless `counted`
-- is set, its number of rows is that of the record, or unknown. A folded year without any record of a load
-- was made by hand and is trusted. If it has some records, its other days are present if they have rows.
#variable_conflict use_column
DECLARE
    part record;
    counts jsonb;
BEGIN
    RETURN QUERY
    SELECT t.first_day, t.filenode, CASE WHEN s.filenode = t.filenode OR NOT counted THEN s.row_count
            ELSE (_wh_internal.count_stored(feed, t.name, true, t.first_day, t.first_day)
            ->> to_char(t.first_day::timestamp, 'YYYY-MM-DD'))::bigint END,
        coalesce(s.filenode = t.filenode, false)
    FROM _wh_internal.slice_tables(feed, only_daily => true) t
    LEFT JOIN _wh.slices s ON s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = t.first_day
        AND s.loaded_at IS NOT NULL;
    FOR part IN
        SELECT t.*, r.*, t.last_day - t.first_day + 1 AS days
        FROM _wh_internal.slice_tables(feed, only_daily => false) t
        CROSS JOIN LATERAL _wh_internal.day_records(feed, t.filenode, t.first_day, t.last_day) r
    LOOP
        counts := NULL;
        IF part.doubtful > 0 OR part.trusted AND part.records > 0 AND part.loaded < part.days THEN
            counts := _wh_internal.count_stored(feed, part.name, false, part.first_day, part.last_day);
        END IF;
        RETURN QUERY
        SELECT d.day, part.filenode, coalesce(d.row_count, d.stored),
            coalesce(d.filenode = part.filenode, false)
        FROM (
            SELECT g.day::date AS day, s.slice_date, s.loaded_at, s.status, s.filenode, s.row_count,
                CASE WHEN counts IS NOT NULL
                THEN coalesce((counts ->> to_char(g.day, 'YYYY-MM-DD'))::bigint, 0) END AS stored
            FROM generate_series(part.first_day::timestamp, part.last_day::timestamp, '1 day') AS g (day)
            LEFT JOIN _wh.slices s ON s.schema_name = feed.schema_name
                AND s.template_name = feed.template_name AND s.slice_date = g.day::date
        ) d
        WHERE d.loaded_at IS NOT NULL AND (d.filenode = part.filenode OR d.row_count = d.stored)
            OR part.trusted AND (part.records = 0 OR d.loaded_at IS NULL AND d.status IS DISTINCT
            FROM 'loaded' AND d.stored > 0);
    END LOOP;
END
$$;
