-- name: feed_status
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, d.first_day, d.last_day, d.days, d.years,
    coalesce(s.rows, 0), d.missing, coalesce(s.failed, 0), coalesce(s.stale, 0), s.last_load, d.bytes,
    t.disabled_at
FROM _wh.feeds f
JOIN _wh.tenants t USING (schema_name)
CROSS JOIN LATERAL (
    SELECT min(p.day) AS first_day, max(p.day) AS last_day, count(*) AS days,
        coalesce(array_agg(DISTINCT p.year) FILTER (WHERE p.year IS NOT NULL), '{}') AS years,
        greatest(max(p.day) - min(p.day) + 1 - count(*), 0) AS missing,
        coalesce((SELECT sum(pg_total_relation_size(r.relid)) FROM _wh_internal.feed_relations(f) r), 0)::bigint AS bytes
    FROM (
        SELECT r.slice_date AS day, NULL::integer AS year FROM _wh_internal.present_days(f) r
        WHERE extract(year FROM r.slice_date) NOT IN (SELECT y.year FROM _wh_internal.folded_years(f) y)
        UNION ALL
        SELECT g.day::date, y.year FROM _wh_internal.folded_years(f) y
        CROSS JOIN generate_series(make_date(y.year, 1, 1)::timestamp, make_date(y.year, 12, 31)::timestamp, '1 day') AS g (day)
    ) p
) d
LEFT JOIN LATERAL (
    SELECT sum(row_count)::bigint AS rows, count(*) FILTER (WHERE status = 'failed') AS failed, max(loaded_at) AS last_load,
        count(*) FILTER (WHERE loaded_at < (slice_date + 1)::timestamp AT TIME ZONE 'UTC' AND slice_date < _wh.current_date_utc()) AS stale
    FROM _wh.slices x WHERE x.schema_name = f.schema_name AND x.template_name = f.template_name
) s ON true
ORDER BY f.schema_name, f.template_name

-- name: installation
SELECT
    (SELECT count(*) FROM pg_proc WHERE pronamespace = '_wh'::regnamespace),
    to_regclass('_wh.tenant_connections') IS NOT NULL,
    (SELECT max(version) FROM _wh.migrations),
    (SELECT coalesce(array_agg(template_name ORDER BY template_name), '{}') FROM _wh.mv_templates)

-- name: roles
SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles
WHERE rolname IN ('whadmin', 'phood_ro') ORDER BY rolname

-- name: tenants
SELECT t.schema_name, t.tenant_name, t.created_at, c.username || '@' || c.host || ':' || c.port || '/' || c.dbname,
    ARRAY(SELECT f.template_name FROM _wh.feeds f WHERE f.schema_name = t.schema_name ORDER BY 1),
    t.disabled_at, t.disabled_reason, t.dropping_at IS NOT NULL
FROM _wh.tenants t LEFT JOIN _wh.tenant_connections c USING (tenant_name)
ORDER BY t.schema_name
