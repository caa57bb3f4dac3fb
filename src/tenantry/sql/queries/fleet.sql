-- name: connections
-- With the stored password, which PostgreSQL shows only to whadmin.
SELECT tenant_name, host, port, dbname, username, options,
    _wh_internal.source_conninfo(tenant_name) ->> 'password'
FROM _wh.tenant_connections ORDER BY tenant_name

-- name: addresses
-- The same without passwords.
SELECT tenant_name, host, port, dbname, username, options, NULL
FROM _wh.tenant_connections ORDER BY tenant_name

-- name: tenants
-- Tenants whose schema exists. If a schema was dropped by hand, the tenant keeps its row until the public
-- view is repaired.
SELECT t.schema_name, t.tenant_name, CASE WHEN t.disabled_at IS NOT NULL
    THEN coalesce(nullif(t.disabled_reason, ''), 'no reason given') END,
    coalesce(t.paused_jobs, '{}'), t.dropping_at IS NOT NULL
FROM _wh.tenants t
WHERE to_regnamespace(quote_ident(t.schema_name)) IS NOT NULL ORDER BY t.schema_name

-- name: feeds
-- Feeds that have a template; an operator's own create function has none.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage
FROM _wh.feeds f JOIN _wh.mv_templates USING (template_name)
WHERE to_regnamespace(quote_ident(f.schema_name)) IS NOT NULL ORDER BY f.schema_name, f.template_name

-- name: put_tenant
-- Record a tenant, or its connection if that changed.
INSERT INTO _wh.tenants AS t (schema_name, tenant_name) VALUES (%(schema)s, %(connection)s)
ON CONFLICT (schema_name) DO UPDATE SET tenant_name = excluded.tenant_name
    WHERE t.tenant_name <> excluded.tenant_name

-- name: set_reason
-- Set why a tenant is disabled.
UPDATE _wh.tenants SET disabled_reason = %(reason)s WHERE schema_name = %(schema)s AND disabled_at IS NOT NULL

-- name: leftovers
-- Slices of templates that a tenant does not use: dropping such a feed was interrupted.
SELECT t.schema_name, m.template_name FROM _wh.tenants t CROSS JOIN _wh.mv_templates m
WHERE NOT EXISTS (SELECT FROM _wh.feeds f
    WHERE f.schema_name = t.schema_name AND f.template_name = m.template_name)
    AND EXISTS (SELECT FROM _wh_internal.feed_relations(jsonb_populate_record(NULL::_wh.feeds,
        jsonb_build_object('schema_name', t.schema_name, 'template_name', m.template_name))))
ORDER BY 1, 2

-- name: rest_job
-- For a disabled tenant: whether enabling it resumes the job. No row for an enabled tenant.
UPDATE _wh.tenants SET paused_jobs = array_remove(coalesce(paused_jobs, '{}'), %(jobid)s::bigint)
    || CASE WHEN %(active)s THEN ARRAY[%(jobid)s::bigint] ELSE '{}' END
WHERE schema_name = %(schema)s AND disabled_at IS NOT NULL RETURNING schema_name

-- name: unloaded
-- Feeds of enabled tenants that were never loaded or that have missing days.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady, d.missing
    FROM _wh.feeds f JOIN _wh.storages s USING (storage)
JOIN _wh.tenants t USING (schema_name) JOIN _wh.mv_templates m USING (template_name)
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.missing) AS missing FROM _wh_internal.day_states(f) x) d
WHERE t.disabled_at IS NULL AND (d.missing > 0 OR _wh_internal.first_day(f) IS NULL)
ORDER BY f.schema_name, f.template_name

-- name: try_lock
-- Take the lock that keeps a second apply out, if it is free.
SELECT pg_try_advisory_lock(hashtextextended('tenantry apply', 0))

-- name: lock_holder
-- Who holds the lock of apply.
SELECT _wh_internal.lock_holders(hashtextextended('tenantry apply', 0))

-- name: unlock
-- Release the lock of apply.
SELECT pg_advisory_unlock(hashtextextended('tenantry apply', 0))

-- name: has_password
-- Whether a connection's stored password is this one.
SELECT (_wh_internal.source_conninfo(%s) ->> 'password') IS NOT DISTINCT FROM %s

-- name: identity
-- What tells this warehouse from others, also after the server was started again.
SELECT s.system_identifier::text, d.oid::text, d.datname::text
FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
