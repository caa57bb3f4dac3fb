-- name: feeds
-- All feeds, or those of a template, and what their storages can do.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
    FROM _wh.feeds f JOIN _wh.storages s USING (storage)
WHERE f.template_name = coalesce(%(template)s, f.template_name) ORDER BY f.schema_name, f.template_name

-- name: open_feed
-- The feed of a template and a tenant, registered if it is new.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
FROM _wh_internal.open_feed(%(template)s, %(connection)s, %(schema)s) f CROSS
    JOIN LATERAL _wh_internal.storage_traits(f.storage) s

-- name: find_feed
-- The feed of a template and a tenant.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
FROM _wh_internal.find_feed(%(template)s, %(schema)s) f CROSS
    JOIN LATERAL _wh_internal.storage_traits(f.storage) s

-- name: span_begin
-- The first day of a feed, and whether somebody chose it.
SELECT _wh_internal.first_day(f), f.first_day_chosen FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: extend_span
-- Let a feed begin earlier.
SELECT _wh_internal.extend_span(f, %(first)s::date, %(chosen)s) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: publish_tenant
-- Bring the tenant view up to date.
SELECT _wh.update_tenant_union_view_by_template(%(template)s, %(connection)s, %(schema)s)

-- name: publish_public
-- Bring the public view up to date.
SELECT _wh.update_public_view_by_template(%s)

-- name: feed_status
-- `first_day` is the beginning of the feed's span; `days` is the number of present days.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.first_day, s.last_day, s.days, s.years,
    s.rows, s.missing, s.failed, s.stale, s.outdated, s.last_load, s.bytes, t.disabled_at
FROM _wh.feeds f
JOIN _wh.tenants t USING (schema_name)
JOIN _wh_internal.feed_states() s USING (schema_name, template_name)
ORDER BY f.schema_name, f.template_name

-- name: feed_status_of_tenant
-- As feed_status, of one tenant: its days are few enough to look at each.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, d.first_day, d.last_day, d.days, d.years,
    d.rows, d.missing, d.failed, d.stale, d.outdated, s.last_load,
    coalesce((SELECT sum(pg_total_relation_size(r.relid)) FROM _wh_internal.feed_relations(f) r), 0)::bigint
        + coalesce((SELECT h.data + h.indexes FROM _wh_internal.shared_sizes() h
        WHERE h.schema_name = f.schema_name AND h.template_name = f.template_name), 0),
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
WHERE f.schema_name = %(tenant)s
ORDER BY f.schema_name, f.template_name
