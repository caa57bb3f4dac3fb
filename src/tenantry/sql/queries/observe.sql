-- name: feed_status
-- `first_day` is the beginning of the feed's span; `days` is the number of present days.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, d.first_day, d.last_day, d.days, d.years,
    d.rows, d.missing, d.failed, d.stale, d.outdated, s.last_load,
    coalesce((SELECT sum(pg_total_relation_size(r.relid)) FROM _wh_internal.feed_relations(f) r), 0)::bigint,
        t.disabled_at
FROM _wh.feeds f
JOIN _wh.tenants t USING (schema_name)
CROSS JOIN LATERAL (
    SELECT least(f.first_day, min(p.day) FILTER (WHERE p.present)) AS first_day,
    max(p.day) FILTER (WHERE p.present) AS last_day,
        count(*) FILTER (WHERE p.present) AS days,
        coalesce(array_agg(DISTINCT extract(year FROM p.day)::integer) FILTER (WHERE p.folded),
            '{}') AS years,
        count(*) FILTER (WHERE p.missing) AS missing, count(*) FILTER (WHERE p.failed) AS failed,
        count(*) FILTER (WHERE p.stale) AS stale, count(*) FILTER (WHERE p.outdated) AS outdated,
        coalesce(sum(x.row_count) FILTER (WHERE p.present), 0)::bigint AS rows
    FROM _wh_internal.day_states(f) p
    LEFT JOIN _wh.slices x ON x.schema_name = f.schema_name AND x.template_name = f.template_name
        AND x.slice_date = p.day
) d
LEFT JOIN LATERAL (
    SELECT max(loaded_at) AS last_load
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
SELECT t.schema_name, t.tenant_name, t.created_at,
    c.username || '@' || c.host || ':' || c.port || '/' || c.dbname,
    ARRAY(SELECT f.template_name FROM _wh.feeds f WHERE f.schema_name = t.schema_name ORDER BY 1),
    t.disabled_at, t.disabled_reason, t.dropping_at IS NOT NULL, c.password_set_at
FROM _wh.tenants t LEFT JOIN _wh.tenant_connections c USING (tenant_name)
ORDER BY t.schema_name
