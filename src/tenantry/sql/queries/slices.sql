-- name: list
-- The days of a feed as day_states returns them, with the record of each. If a span is named, each ended day
-- in it is either present or missing, also before the feed's own span begins.
SELECT f.schema_name, f.template_name, d.day, NOT d.present AND d.day < _wh.current_date_utc(), d.failed,
    d.stale, d.outdated,
    s.row_count, s.loaded_at, extract(epoch FROM s.duration)::float8, s.failed_at, s.error
FROM _wh.feeds f
CROSS JOIN LATERAL (
    SELECT * FROM _wh_internal.day_states(f) x
    WHERE %(first)s::date IS NULL AND x.day <= coalesce(%(last)s::date, x.day)
    UNION ALL
    SELECT x.* FROM _wh_internal.day_states(f, %(first)s::date,
        coalesce(%(last)s::date, _wh.current_date_utc())) x
    WHERE %(first)s::date IS NOT NULL AND (x.present OR x.failed OR x.day < _wh.current_date_utc())
) d
LEFT JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
    AND s.slice_date = d.day
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s
ORDER BY d.day

-- name: details
-- What else is known of one day: the relation that holds its rows, whether it holds only those, and then its
-- size.
SELECT c.oid::regclass::text, r.alone, CASE WHEN r.alone
    THEN pg_total_relation_size(c.oid) END, s.digest,
    s.definition_hash = _wh_internal.definition_hash(t)
FROM _wh.feeds f
JOIN _wh.mv_templates t USING (template_name)
LEFT JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
    AND s.slice_date = %(day)s
CROSS JOIN LATERAL _wh_internal.storage_holder(f, %(day)s::date) r
LEFT JOIN pg_class c ON c.oid = r.relid
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: years
-- Every year in which a feed has slices, with the result of the function that checks it.
SELECT f.schema_name, f.template_name, y.year,
    _wh.check_views_by_template_for_year(f.template_name, f.schema_name, y.year)
FROM _wh.feeds f
JOIN _wh.mv_templates t USING (template_name)
CROSS JOIN LATERAL unnest(_wh_internal.feed_years(f)) AS y (year)
WHERE y.year <= extract(year FROM _wh.current_date_utc())
    AND f.template_name = coalesce(%(template)s, f.template_name)
    AND (%(tenants)s::text[] IS NULL OR f.schema_name = ANY (%(tenants)s))
ORDER BY 1, 2, 3
