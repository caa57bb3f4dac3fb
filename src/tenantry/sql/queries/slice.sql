-- name: days_to_load
-- The days of a span that have no rows, including today and days before the feed's own span, and those that
-- failed or are stale.
SELECT d.day
FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.day_states(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND (NOT d.present OR d.failed OR d.stale)
ORDER BY d.day

-- name: first_with_rows
-- The first day that has rows.
SELECT min(slice_date) FROM _wh.slices
WHERE schema_name = %(schema)s AND template_name = %(template)s AND loaded_at IS NOT NULL AND row_count > 0

-- name: latest_day
-- The latest day that a template loads.
SELECT _wh_internal.latest_day(%s)

-- name: lookback
-- How many ended days of a template the nightly window looks at again.
SELECT (_wh_internal.find_template(%s)).lookback

-- name: outdated_days
-- Days that were loaded with an earlier query, other columns or another time column.
SELECT d.day FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.day_states(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND d.outdated ORDER BY d.day

-- name: load_slice
-- Load a day, and say what became of it.
SELECT _wh_internal.load_slice(_wh_internal.find_feed(%(template)s, %(schema)s), %(day)s::date,
    digest => %(digest)s, asked => %(asked)s)

-- name: record_failure
-- Record that a day failed, and why.
SELECT _wh_internal.record_failure(f, %(day)s::date, %(error)s) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: ask
-- What a question to a source needs: the moment, the template's version, the query that describes its
-- columns, and the limits.
SELECT clock_timestamp(), _wh_internal.definition_hash(_wh_internal.feed_template(f)),
    _wh_internal.describe_query(f, %(first)s::date, %(last)s::date), l.deadline, l.max_bytes, l.max_row_bytes
FROM _wh.feeds f LEFT JOIN _wh.tenant_connections c ON c.tenant_name = f.tenant_name
CROSS JOIN LATERAL _wh_internal.source_limits(coalesce(c.options, '{}')) l
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: digest_query
-- The query that gives a source's digest of each day.
SELECT _wh_internal.digest_query(f, %(first)s::date, %(last)s::date, %(names)s::text[], %(types)s::oid[])
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: kept_digest_query
-- As digest_query, of the rows as the warehouse would keep them.
SELECT _wh_internal.digest_query(f, %(first)s::date, %(last)s::date, %(names)s::text[], %(types)s::oid[],
    as_kept => true)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stored_digests
-- A digest of each day of the rows that are stored.
SELECT d.day, d.digest FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stored_digests(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: unchanged_days
-- The days whose digest is that of their last load.
SELECT d FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.unchanged_days(f, %(first)s::date, %(last)s::date, %(digests)s, %(asked)s) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: verify_slice
-- Compare a day's rows with the source.
SELECT _wh.verify_slice(%(template)s, %(schema)s, %(day)s::date, %(most)s)

-- name: check_year
-- Whether a year is complete, and which days are not.
SELECT _wh.check_views_by_template_for_year(%(template)s, %(schema)s, %(year)s)

-- name: fold_year
-- Take the next step of folding a year.
SELECT _wh_internal.fold_feed(%(template)s, %(schema)s, %(year)s, true, %(continued)s)

-- name: first_day
-- The first day that is stored.
SELECT (SELECT min(p.slice_date) FROM _wh_internal.present_days(f) p)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: loaded_since
-- The days that were loaded since a moment.
SELECT s.slice_date FROM _wh.feeds f
JOIN _wh.slices s USING (schema_name, template_name)
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND s.slice_date BETWEEN %(first)s
    AND %(last)s
    AND s.status = 'loaded' AND s.loaded_at >= %(since)s
        AND s.slice_date IN (SELECT p.slice_date FROM _wh_internal.present_days(f) p)

-- name: last_loads
-- The rows and seconds of the last loads of days.
SELECT coalesce(sum(row_count), 0)::bigint, coalesce(extract(epoch FROM sum(duration)), 0)::float8
    FROM _wh.slices
WHERE schema_name = %(schema)s AND template_name = %(template)s AND slice_date = ANY (%(days)s)

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

-- name: calendar
-- Each day of a feed with its worst state in a word, and the rows it has in the warehouse. A view that holds
-- no rows because it was never filled makes a day more than missing: it is there, and cannot be read.
SELECT d.day, CASE WHEN d.failed THEN 'failed' WHEN d.missing AND u.day IS NOT NULL THEN 'unpopulated'
    WHEN d.missing THEN 'missing' WHEN d.stale THEN 'stale' WHEN d.outdated THEN 'outdated'
    WHEN d.folded THEN 'folded' ELSE 'loaded' END,
    CASE WHEN d.present THEN s.row_count END
FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.day_states(f) d
LEFT JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
    AND s.slice_date = d.day
LEFT JOIN LATERAL (
    SELECT r.first_day AS day FROM _wh_internal.storage_relations(f, only_daily => true) r
    JOIN pg_class c ON c.oid = r.relid WHERE NOT c.relispopulated AND NOT r.leftover
) u ON u.day = d.day
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s
ORDER BY d.day

-- name: details
-- What else is known of one day: the relation that holds its rows, whether it holds only those, and then its
-- size.
SELECT c.oid::regclass::text, r.alone, CASE WHEN r.alone
    THEN pg_total_relation_size(c.oid) END, s.digest,
    s.definition_hash = _wh_internal.definition_hash(_wh_internal.for_tenant(t, f.schema_name))
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

-- name: recent
-- A letter for each of the last days of each feed.
SELECT schema_name, template_name, letters FROM _wh_internal.recent_days(%(days)s)
