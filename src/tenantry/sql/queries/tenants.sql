-- name: state
-- One tenant, or all.
SELECT schema_name, tenant_name, disabled_at, disabled_reason, coalesce(paused_jobs, '{}'), dropping_at
FROM _wh.tenants WHERE schema_name = coalesce(%(schema)s, schema_name) ORDER BY schema_name

-- name: disable
UPDATE _wh.tenants SET disabled_at = now(), disabled_reason = %(reason)s, paused_jobs = %(jobs)s
WHERE schema_name = %(schema)s AND disabled_at IS NULL

-- name: enable
UPDATE _wh.tenants SET disabled_at = NULL, disabled_reason = NULL, paused_jobs = NULL WHERE schema_name = %s

-- name: drop_plan
-- What is in a tenant's schema, and which roles besides Tenantry's own may look into it.
SELECT s.days, s.rows, r.relations, r.bytes, ARRAY(SELECT _wh_internal.own_connections(%(schema)s)),
    ARRAY(
        SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END
        FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
        WHERE n.nspname = %(schema)s AND a.grantee <> n.nspowner
            AND a.grantee NOT IN ('whadmin'::regrole, 'phood_ro'::regrole) ORDER BY 1),
    ARRAY(SELECT _wh_internal.foreign_objects(%(schema)s))
FROM (
    SELECT count(*) AS days, coalesce(sum(d.row_count), 0)::bigint AS rows
    FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.stored_days(f) d WHERE f.schema_name = %(schema)s
) s
CROSS JOIN (
    SELECT count(*) AS relations, coalesce(sum(pg_total_relation_size(k.relid)), 0)::bigint AS bytes
    FROM (SELECT c.oid AS relid FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND c.relkind IN ('r', 'm')
        UNION SELECT r.relid FROM _wh.feeds f
        CROSS JOIN (VALUES (''), ('tenantry_move_'), ('tenantry_old_')) p (prefix)
        CROSS JOIN LATERAL _wh_internal.feed_relations(jsonb_populate_record(f,
            jsonb_build_object('template_name', p.prefix || f.template_name))) r
        WHERE f.schema_name = %(schema)s) k
) r

-- name: hold_for_drop
SELECT _wh_internal.await_lock(_wh_internal.tenant_lock(%(schema)s), false,
    format('tenant %%s, on which another session is working', %(schema)s::text))

-- name: schema_of_another
-- Whether the schema exists and does not belong to whadmin.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s AND NOT pg_has_role(nspowner, 'USAGE'))

-- name: drop_slices
SELECT _wh_internal.drop_tenant_slices(%(schema)s, %(most)s)

-- name: drop
SELECT _wh_internal.drop_tenant(%(schema)s, %(with_connections)s)

-- name: now
SELECT clock_timestamp()

-- name: templates
SELECT template_name FROM _wh.mv_templates ORDER BY template_name

-- name: connections_of
-- The connections of a tenant, the most recently used first.
SELECT c FROM (
    SELECT tenant_name AS c, 0 AS n FROM _wh.tenants WHERE schema_name = %(schema)s
    UNION ALL SELECT tenant_name, 1 FROM _wh.feeds WHERE schema_name = %(schema)s
) u GROUP BY c ORDER BY min(n), c

-- name: tenants_of
SELECT DISTINCT schema_name FROM (
    SELECT schema_name, tenant_name FROM _wh.tenants UNION ALL SELECT schema_name, tenant_name FROM _wh.feeds
) u WHERE tenant_name = %s ORDER BY 1

-- name: first_day
SELECT (SELECT min(p.slice_date) FROM _wh_internal.present_days(f) p)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: loaded_since
SELECT s.slice_date FROM _wh.feeds f
JOIN _wh.slices s USING (schema_name, template_name)
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND s.slice_date BETWEEN %(first)s
    AND %(last)s
    AND s.status = 'loaded' AND s.loaded_at >= %(since)s
        AND s.slice_date IN (SELECT p.slice_date FROM _wh_internal.present_days(f) p)

-- name: last_loads
SELECT coalesce(sum(row_count), 0)::bigint, coalesce(extract(epoch FROM sum(duration)), 0)::float8
    FROM _wh.slices
WHERE schema_name = %(schema)s AND template_name = %(template)s AND slice_date = ANY (%(days)s)
