CREATE OR REPLACE FUNCTION _wh_internal.day_states(feed _wh.feeds, first_day date DEFAULT NULL,
    last_day date DEFAULT NULL)
RETURNS TABLE (day date, present boolean, folded boolean, missing boolean, failed boolean, stale boolean,
    outdated boolean)
LANGUAGE sql STABLE ROWS 800 SET search_path = pg_catalog, pg_temp AS $$
    -- The one place that decides the states of each day of a feed; everything that shows days or acts on them
    -- calls it. By default it returns the days from the beginning of the feed's span, or an earlier day that
    -- is present or on record, to yesterday or the last present day. present: its rows are in the warehouse,
    -- as a slice or in a table. folded: its year has been folded. missing: it is not present and lies between
    -- the beginning of the span and yesterday; today and later days are never missing. failed: the last load
    -- failed; rows of an earlier load may be present. stale: loaded before the day had ended. outdated: made
    -- by another definition of the template.
    WITH there AS MATERIALIZED (
        SELECT p.slice_date FROM _wh_internal.present_days(feed) p
    ), years AS MATERIALIZED (
        SELECT y.year FROM _wh_internal.folded_years(feed) y
    ), record AS MATERIALIZED (
        SELECT s.slice_date, s.status, s.loaded_at, s.definition_hash FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
    ), bounds AS MATERIALIZED (
        SELECT b.today, b.earliest, coalesce(feed.first_day, b.earliest) AS span, b.latest, h.hash
        FROM (SELECT _wh.current_date_utc() AS today,
                least((SELECT min(t.slice_date) FROM there t), (SELECT make_date(min(y.year), 1, 1)
                FROM years y),
                    (SELECT min(r.slice_date) FROM record r)) AS earliest,
                greatest((SELECT max(t.slice_date) FROM there t), (SELECT make_date(max(y.year), 12, 31)
                    FROM years y),
                    (SELECT max(r.slice_date) FROM record r WHERE r.status = 'failed')) AS latest) b
        LEFT JOIN (SELECT _wh_internal.definition_hash(
            _wh_internal.for_tenant(t, feed.schema_name)) AS hash FROM _wh.mv_templates t
            WHERE t.template_name = feed.template_name) h ON true
    ), days AS (
        SELECT g.day::date AS day FROM bounds b
        CROSS JOIN generate_series(coalesce(day_states.first_day, least(b.earliest, b.span))::timestamp,
            coalesce(day_states.last_day, greatest(b.today - 1, b.latest))::timestamp,
            interval '1 day') AS g (day)
    ), judged AS (
        SELECT d.day, t.slice_date IS NOT NULL AS present, y.year IS NOT NULL AS folded,
            d.day >= b.span AND d.day < b.today AS due, coalesce(r.status = 'failed', false) AS failed,
            coalesce(r.loaded_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
                AND d.day < b.today, false) AS early,
            coalesce(r.loaded_at IS NOT NULL AND r.definition_hash <> b.hash, false) AS other
        FROM days d
        CROSS JOIN bounds b
        LEFT JOIN there t ON t.slice_date = d.day
        LEFT JOIN years y ON y.year = extract(year FROM d.day)::integer
        LEFT JOIN record r ON r.slice_date = d.day
    )
    SELECT j.day, j.present, j.folded, NOT j.present AND j.due, j.failed, j.present AND j.early, j.present
        AND j.other
    FROM judged j
    WHERE day_states.first_day IS NOT NULL OR j.present OR j.failed OR j.due
    ORDER BY j.day
$$;
