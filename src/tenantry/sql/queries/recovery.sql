-- name: tables
-- The tables that a backup holds row by row: all of Tenantry's except those that are stored in another way or
-- filled by a trigger, and those of which a restore brings nothing back.
SELECT c.relname::text FROM pg_class c
WHERE c.relnamespace = '_wh'::regnamespace AND c.relkind = 'r' AND c.relname = ANY (%(tables)s)
    AND c.relname NOT IN ('migrations', 'installations', 'template_columns', 'template_indexes', 'rebuilds',
    'restored_jobs', 'feed_tables', 'published_views', 'view_comments', 'source_servers',
    'storages', 'limited', 'alerts', 'alert_notices', 'alert_deliveries', 'alert_looks', 'verifications',
    'last_backup', 'slices', 'actions')
        AND c.relname <> ALL (%(without)s)
ORDER BY c.relname

-- name: secrets
-- The passwords of connections, as JSON.
SELECT jsonb_build_object('name', c.tenant_name, 'password',
    _wh_internal.source_conninfo(c.tenant_name) ->> 'password')::text
FROM _wh.tenant_connections c WHERE _wh_internal.source_conninfo(c.tenant_name) ? 'password'
    ORDER BY c.tenant_name

-- name: contents
-- What each feed holds, or held before it was lost. For a feed that has not been loaded since a restore, what
-- the backup says.
SELECT coalesce(to_jsonb(r),
    jsonb_build_object('schema_name', f.schema_name, 'template_name', f.template_name,
    'first_day', least(f.first_day, p.first_day, s.first_day, make_date(y.years[1], 1, 1)),
    'last_day', greatest(p.last_day, s.last_day, make_date(y.years[cardinality(y.years)], 12, 31)),
    'row_count', coalesce(s.row_count, 0), 'seconds', coalesce(s.seconds, 0), 'folded_years',
        coalesce(y.years, '{}')))::text
FROM _wh.feeds f
LEFT JOIN _wh.rebuilds r USING (schema_name, template_name)
CROSS JOIN LATERAL (SELECT min(d.slice_date) AS first_day, max(d.slice_date) AS last_day
    FROM _wh_internal.present_days(f) d) p
CROSS JOIN LATERAL (SELECT array_agg(g.year ORDER BY g.year) AS years FROM _wh_internal.folded_years(f) g) y
CROSS JOIN LATERAL (
    SELECT min(x.slice_date) AS first_day, max(x.slice_date) AS last_day, sum(x.row_count) AS row_count,
        sum(extract(epoch FROM x.duration)) AS seconds
    FROM _wh.slices x WHERE x.schema_name = f.schema_name AND x.template_name = f.template_name
) s
ORDER BY f.schema_name, f.template_name

-- name: roles
-- With the roles that were granted to readers, except phood_ro.
SELECT r.rolname::text, r.rolconnlimit,
    coalesce((SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0),
    '{}'),
    coalesce((SELECT s.setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE s.setrole = r.oid AND d.datname = current_database()), '{}'),
    r.rolvaliduntil::text,
    ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid AND r.rolname <> 'whadmin' AND g.rolname <> 'phood_ro' ORDER BY 1)
FROM pg_roles r WHERE r.rolname IN ('whadmin', 'phood_ro')
    OR r.rolname IN (SELECT w.reader_name FROM _wh.readers w) ORDER BY 1

-- name: verifiers
-- Passwords as the server stores them, which only a superuser sees. Roles that whadmin calls readers but that
-- were not created as readers are left out.
SELECT r.rolname::text, r.rolpassword FROM pg_authid r
    WHERE r.rolname = ANY (%(names)s) AND r.rolpassword IS NOT NULL
    AND (r.rolname IN ('whadmin', 'phood_ro') OR shobj_description(r.oid, 'pg_authid') = %(mark)s)

-- name: waiting_jobs
-- Jobs that are paused until their tenants' data is back.
SELECT jobid FROM _wh.restored_jobs

-- name: occupied
-- What prevents restoring a backup here: tenants and connections.
SELECT coalesce((SELECT min(schema_name) FROM _wh.tenants), (SELECT min(tenant_name)
    FROM _wh.tenant_connections))

-- name: one_restore_at_a_time
-- Keep a second restore out.
LOCK TABLE _wh.tenants, _wh.tenant_connections IN SHARE ROW EXCLUSIVE MODE

-- name: strange_roles
-- Existing roles that were not created by `tenantry reader`.
SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY (%(names)s)
    AND shobj_description(r.oid, 'pg_authid') IS DISTINCT FROM %(mark)s ORDER BY 1

-- name: insertion_order
-- The tables of `_wh`, those that others refer to first.
WITH RECURSIVE parents AS (
    SELECT DISTINCT conrelid AS child, confrelid AS parent FROM pg_constraint
    WHERE contype = 'f' AND connamespace = '_wh'::regnamespace AND conrelid <> confrelid
), depths AS (
    SELECT c.oid, 0 AS depth FROM pg_class c WHERE c.relnamespace = '_wh'::regnamespace AND c.relkind = 'r'
    UNION ALL
    SELECT p.child, d.depth + 1 FROM depths d JOIN parents p ON p.parent = d.oid
)
SELECT c.relname::text, ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM depths d JOIN pg_class c ON c.oid = d.oid GROUP BY c.oid, c.relname ORDER BY max(d.depth), c.relname

-- name: identity_columns
-- The columns of a table that count by themselves, with their sequences.
SELECT a.attname::text, pg_get_serial_sequence(format('_wh.%%I', %(table)s::text), a.attname::text)
FROM pg_attribute a WHERE a.attrelid = format('_wh.%%I', %(table)s::text)::regclass AND a.attidentity <> ''

-- name: schedule_unnamed
-- Make a job without a name.
SELECT cron.schedule(%(schedule)s, %(command)s)

-- name: keep_waiting
-- Note that jobs are paused until their tenants' data is back.
INSERT INTO _wh.restored_jobs (jobid) SELECT unnest(%(jobids)s::bigint[])

-- name: resumed
-- Forget that jobs were paused.
DELETE FROM _wh.restored_jobs WHERE jobid = ANY (%(jobids)s)

-- name: not_recovered
-- Feeds whose data is not back.
SELECT schema_name, template_name FROM _wh.rebuilds

-- name: recovered
-- Note that a feed's data is back.
DELETE FROM _wh.rebuilds WHERE schema_name = %(schema)s AND template_name = %(template)s

-- name: a_schema_of
-- A schema that exists under the name of a tenant to be restored.
SELECT (SELECT min(nspname::text) FROM pg_namespace WHERE nspname = ANY (%(tenants)s))

-- name: make_room_for_templates
-- Delete the templates that the backup replaces, and the one that init has brought, which the backup may
-- lack.
DELETE FROM _wh.mv_templates WHERE template_name = ANY (%(names)s) OR template_name = 'foodlogstats'

-- name: set_secret
-- Set the password of a connection.
UPDATE _wh.tenant_connections SET password = %(password)s WHERE tenant_name = %(name)s

-- name: keep_age
-- A restored password keeps its age.
UPDATE _wh.tenant_connections SET password_set_at = %(set_at)s::timestamptz WHERE tenant_name = %(name)s

-- name: expect
-- Note what each feed held, so that it can be loaded again.
INSERT INTO _wh.rebuilds (schema_name, template_name, first_day, last_day, row_count, seconds, folded_years)
SELECT schema_name, template_name, first_day, last_day, row_count, seconds, folded_years
FROM jsonb_populate_recordset(NULL::_wh.rebuilds, %(feeds)s::jsonb) WHERE first_day IS NOT NULL

-- name: may_set_for_itself
-- Whether every role may set this for itself: the setting loads no library and gives no rights.
SELECT EXISTS (SELECT FROM pg_settings WHERE name = lower(%(name)s) AND context = 'user'
    AND name NOT LIKE '%%preload_libraries')

-- name: a_role
-- A role's mark; no row if the role does not exist.
SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %(name)s

-- name: function_versions
-- Which functions there are, each with the transaction that wrote it.
SELECT oid::bigint, xmin::text FROM pg_proc WHERE oid >= 16384

-- name: is_own_function
-- Whether a function is one that a restore may make: whadmin's, in _wh, in SQL or PL/pgSQL.
SELECT p.pronamespace = '_wh'::regnamespace AND pg_get_userbyid(p.proowner) = 'whadmin'
    AND l.lanname IN ('sql', 'plpgsql')
    AND p.prokind IN ('f', 'p', 'w') AND p.prosupport = 0
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = %(oid)s

-- name: leave_out
-- Don't wait for feeds that operators' own functions load.
DELETE FROM _wh.rebuilds r
    WHERE NOT EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = r.template_name)
RETURNING r.schema_name || '.' || r.template_name

-- name: not_held
-- What operators have put into `_wh` and a backup does not hold: relations and types, functions in languages
-- that a restore may not have, and triggers on Tenantry's tables.
SELECT pg_describe_object('pg_class'::regclass, c.oid, 0) FROM pg_class c
WHERE c.relnamespace = '_wh'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    AND c.relname <> ALL (%(tables)s)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype IN ('i', 'a') AND d.refclassid = 'pg_class'::regclass)
UNION ALL
SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) FROM pg_type t
    WHERE t.typnamespace = '_wh'::regnamespace AND t.typtype IN ('d', 'e', 'r')
UNION ALL
SELECT pg_describe_object('pg_proc'::regclass, p.oid, 0) FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = '_wh'::regnamespace
    AND NOT (p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql'))
UNION ALL
SELECT pg_describe_object('pg_trigger'::regclass, t.oid, 0) FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = '_wh'::regnamespace AND c.relname = ANY (%(tables)s) AND NOT t.tgisinternal
    AND p.pronamespace <> '_wh_internal'::regnamespace
ORDER BY 1

-- name: own_functions
-- Functions that operators wrote themselves and put into `_wh`.
SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = '_wh'::regnamespace AND p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql')
    AND p.proname <> ALL (%(ours)s) ORDER BY p.oid

-- name: put_backup
-- Record that a backup was written.
INSERT INTO _wh.last_backup (made_at, bytes) VALUES (clock_timestamp(), %(bytes)s)
ON CONFLICT (single) DO UPDATE SET made_at = excluded.made_at, bytes = excluded.bytes

-- name: without_cluster
-- Where there is no Citus, keep what was distributed over a cluster in the storage on which that is based.
-- Returns the templates and their storage.
WITH lost AS MATERIALIZED (
    SELECT s.storage, s.base FROM _wh.storages s
    WHERE s.distributed AND to_regproc('pg_catalog.create_distributed_table') IS NULL
), templates AS (
    UPDATE _wh.mv_templates t SET storage = l.base FROM lost l WHERE t.storage = l.storage
    RETURNING t.template_name, t.storage
), feeds AS (
    UPDATE _wh.feeds f SET storage = l.base FROM lost l WHERE f.storage = l.storage
    RETURNING f.template_name, f.storage
)
SELECT * FROM templates UNION SELECT * FROM feeds ORDER BY 1
