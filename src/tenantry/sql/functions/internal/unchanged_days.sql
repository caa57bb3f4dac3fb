CREATE OR REPLACE FUNCTION _wh_internal.unchanged_days(feed _wh.feeds, first_day date, last_day date, digests jsonb, asked_at timestamptz)
RETURNS SETOF date LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- The days whose slices hold what the source had when it was asked, which is noted as if they had been loaded then.
    WITH present AS MATERIALIZED (
        SELECT d.slice_date FROM _wh_internal.present_days(feed) d WHERE d.slice_date BETWEEN first_day AND last_day
    ), years AS MATERIALIZED (
        SELECT y.year FROM _wh_internal.folded_years(feed) y
    ), same AS (
        -- In the order in which loads write them, so that two sessions wait for each other in a line.
        SELECT s.slice_date FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date BETWEEN first_day AND last_day
            AND s.status = 'loaded' AND s.digest = digests ->> to_char(s.slice_date::timestamp, 'YYYY-MM-DD')
            AND s.definition_hash = _wh_internal.definition_hash(_wh_internal.find_template(feed.template_name))
            AND (s.slice_date IN (SELECT p.slice_date FROM present p) OR extract(year FROM s.slice_date) IN (SELECT y.year FROM years y))
        ORDER BY s.slice_date FOR UPDATE
    )
    UPDATE _wh.slices s SET loaded_at = greatest(s.loaded_at, asked_at) FROM same
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date = same.slice_date
    RETURNING s.slice_date
$$;
