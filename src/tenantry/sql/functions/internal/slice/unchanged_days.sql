CREATE OR REPLACE FUNCTION _wh_internal.unchanged_days(feed _wh.feeds, first_day date, last_day date,
    digests jsonb, asked_at timestamptz)
RETURNS SETOF date LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- The days whose slices hold what the source had when it was asked; they are recorded as if they had been
    -- loaded then. A record counts only for the relation that it was written for, in its present filling, and
    -- only if that stores as many rows.
    WITH alike AS MATERIALIZED (
        SELECT s.slice_date FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day
            AND s.digest = digests ->> to_char(s.slice_date::timestamp, 'YYYY-MM-DD')
    ), stored AS MATERIALIZED (
        SELECT d.slice_date, d.filenode, d.row_count
        FROM (SELECT min(a.slice_date) AS first, max(a.slice_date) AS last FROM alike a) b
        CROSS JOIN LATERAL _wh_internal.count_span(feed, b.first, b.last) d WHERE b.first IS NOT NULL
    ), same AS (
        -- In the order in which loads write them, so that two sessions queue instead of deadlocking.
        SELECT s.slice_date, d.filenode FROM _wh.slices s JOIN stored d ON d.slice_date = s.slice_date
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day
            AND s.status = 'loaded' AND s.digest = digests ->> to_char(s.slice_date::timestamp, 'YYYY-MM-DD')
            AND s.definition_hash
                = _wh_internal.definition_hash(_wh_internal.feed_template(feed))
            -- NULL: recorded before records were bound to fillings.
            AND coalesce(s.filenode, d.filenode) = d.filenode
                AND _wh_internal.digest_rows(s.digest) = d.row_count
        ORDER BY s.slice_date FOR UPDATE OF s
    )
    UPDATE _wh.slices s SET loaded_at = greatest(s.loaded_at, asked_at), filenode = same.filenode FROM same
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = same.slice_date
    RETURNING s.slice_date
$$;
