-- name: create_schema
-- Create a tenant's schema.
SELECT _wh_internal.create_tenant_schema(%s)

-- name: may_create
-- Whether the tenant's tables can be created in its schema.
SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = %s

-- name: tenants
-- All tenants, or one, with connection, templates and state, and what is special about their sources.
SELECT t.schema_name, t.tenant_name, t.created_at,
    c.username || '@' || c.host || ':' || c.port || '/' || c.dbname,
    ARRAY(SELECT f.template_name FROM _wh.feeds f WHERE f.schema_name = t.schema_name ORDER BY 1),
    t.disabled_at, t.disabled_reason, t.dropping_at IS NOT NULL, c.password_set_at,
    c.options ->> 'search_path',
    ARRAY(SELECT o.template_name FROM _wh.template_overrides o WHERE o.schema_name = t.schema_name ORDER BY 1)
FROM _wh.tenants t LEFT JOIN _wh.tenant_connections c USING (tenant_name)
WHERE %(tenant)s::text IS NULL OR t.schema_name = %(tenant)s
ORDER BY t.schema_name

-- name: state
-- One tenant, or all.
SELECT schema_name, tenant_name, disabled_at, disabled_reason, coalesce(paused_jobs, '{}'), dropping_at
FROM _wh.tenants WHERE schema_name = coalesce(%(schema)s, schema_name) ORDER BY schema_name

-- name: disable
-- Disable a tenant, and record which jobs to resume.
UPDATE _wh.tenants SET disabled_at = now(), disabled_reason = %(reason)s, paused_jobs = %(jobs)s
WHERE schema_name = %(schema)s AND disabled_at IS NULL

-- name: enable
-- Enable a tenant.
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
-- Wait for whatever is working on a tenant, and keep others out.
SELECT _wh_internal.await_lock(_wh_internal.tenant_lock(%(schema)s), false,
    format('tenant %%s, on which another session is working', %(schema)s::text))

-- name: schema_of_another
-- Whether the schema exists and does not belong to whadmin.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s AND NOT pg_has_role(nspowner, 'USAGE'))

-- name: drop_slices
-- Drop some of a tenant's relations, and say how many; 0 when all are gone.
SELECT _wh_internal.drop_tenant_slices(%(schema)s, %(most)s)

-- name: drop
-- Drop a tenant.
SELECT _wh_internal.drop_tenant(%(schema)s, %(with_connections)s)

-- name: named_templates
-- Templates whose names begin so.
SELECT template_name FROM _wh.mv_templates WHERE starts_with(template_name, %s) ORDER BY 1

-- name: named_tenants
-- Tenants whose names begin so.
SELECT schema_name FROM _wh.tenants WHERE starts_with(schema_name, %s) ORDER BY 1

-- name: named_jobs
-- Jobs whose names begin so.
SELECT jobname::text FROM cron.job WHERE starts_with(jobname::text, %s) ORDER BY 1
