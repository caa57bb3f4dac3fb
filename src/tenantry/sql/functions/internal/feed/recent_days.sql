CREATE OR REPLACE FUNCTION _wh_internal.recent_days(number integer)
RETURNS TABLE (schema_name text, template_name text, letters text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' AS $$
-- A letter for each of the last days of each feed, oldest first, the last one for today: f failed, m missing,
-- s stale, o outdated, z folded, l loaded, and a point where nothing is expected. They are what day_states
-- tells, but for all feeds in one pass; feed_states says when day_states itself is asked.
#variable_conflict use_column
DECLARE
    today CONSTANT date := _wh.current_date_utc();
    begin_day CONSTANT date := _wh.current_date_utc() - (number - 1);
BEGIN
    RETURN QUERY WITH held AS MATERIALIZED (
        SELECT f.schema_name, f.template_name, r.relid, c.relfilenode AS filenode, r.first_day, r.last_day,
            r.daily, r.trusted, r.folded, c.relispopulated AND NOT r.leftover AS present
        FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.storage_relations(f) r
        JOIN pg_class c ON c.oid = r.relid
    ), feeds AS MATERIALIZED (
        SELECT f.schema_name, f.template_name, coalesce(f.first_day, least((SELECT min(s.slice_date)
                FROM _wh.slices s
                WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name),
                (SELECT min(h.first_day) FROM held h WHERE h.schema_name = f.schema_name
                    AND h.template_name = f.template_name AND (h.daily AND h.present OR h.folded)))) AS span,
            _wh_internal.definition_hash(_wh_internal.for_tenant(t, f.schema_name)) AS hash
        FROM _wh.feeds f LEFT JOIN _wh.mv_templates t USING (template_name)
    ), judged AS MATERIALIZED (
        SELECT f.schema_name, f.template_name, g.day::date AS day, g.day >= f.span AND g.day < today AS due,
            s.status = 'failed' AS failed,
            d.relid IS NOT NULL OR s.loaded_at IS NOT NULL AND t.filenode = s.filenode AS present,
            s.loaded_at AT TIME ZONE 'UTC' < g.day + interval '1 day' AND g.day < today AS early,
            s.loaded_at IS NOT NULL AND s.definition_hash <> f.hash AS other, coalesce(t.folded,
                false) AS folded,
            d.relid IS NULL AND (s.loaded_at IS NOT NULL OR t.trusted)
                AND t.filenode IS DISTINCT FROM s.filenode
                AS doubtful
        FROM feeds f
        CROSS JOIN generate_series(begin_day::timestamp, today::timestamp, '1 day') AS g (day)
        LEFT JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
            AND s.slice_date = g.day::date AND s.slice_date >= begin_day
        LEFT JOIN held t ON t.schema_name = f.schema_name AND t.template_name = f.template_name AND t.present
            AND NOT t.daily AND g.day BETWEEN t.first_day AND t.last_day
        LEFT JOIN held d ON d.schema_name = f.schema_name AND d.template_name = f.template_name AND d.present
            AND d.daily AND d.first_day = g.day::date
    ), known AS MATERIALIZED (
        SELECT j.schema_name, j.template_name, bool_or(j.doubtful) AS doubtful,
            string_agg(CASE WHEN j.failed THEN 'f' WHEN j.present AND j.early THEN 's'
                WHEN j.present AND j.other THEN 'o' WHEN j.present AND j.folded THEN 'z'
                    WHEN j.present THEN 'l'
                WHEN j.due THEN 'm' ELSE '.' END, '' ORDER BY j.day) AS letters
        FROM judged j GROUP BY j.schema_name, j.template_name
    ), unsure AS MATERIALIZED (
        SELECT f AS feed FROM _wh.feeds f JOIN known k USING (schema_name, template_name) WHERE k.doubtful
    )
    SELECT k.schema_name, k.template_name, k.letters FROM known k WHERE k.doubtful IS NOT TRUE
    UNION ALL
    SELECT (u.feed).schema_name, (u.feed).template_name, string_agg(CASE WHEN x.failed THEN 'f'
            WHEN x.missing THEN 'm' WHEN x.stale THEN 's' WHEN x.outdated THEN 'o'
            WHEN x.present AND x.folded THEN 'z' WHEN x.present THEN 'l' ELSE '.' END, '' ORDER BY x.day)
    FROM unsure u
    CROSS JOIN LATERAL _wh_internal.day_states(u.feed, begin_day, today) x
    GROUP BY 1, 2;
END
$$;
