-- name: role
-- A role, and whether it was created as a reader: only the role that created it could set that mark. The
-- administrator asks this.
SELECT r.rolname IS NOT NULL, coalesce(shobj_description(r.oid, 'pg_authid') = %(mark)s, false)
FROM (SELECT) always LEFT JOIN pg_roles r ON r.rolname = %(name)s

-- name: readers
-- All readers, or one, with their tenants and limits.
SELECT w.reader_name, w.tenants, coalesce(r.rolconnlimit, -1),
    (SELECT substr(c, length('statement_timeout=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) c
        WHERE s.setrole = r.oid AND s.setdatabase = 0 AND c LIKE 'statement_timeout=%%'),
    (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid), r.oid IS NOT NULL, w.created_at,
    CASE WHEN isfinite(r.rolvaliduntil) THEN r.rolvaliduntil END, w.workspace
FROM _wh.readers w LEFT JOIN pg_roles r ON r.rolname = w.reader_name
WHERE w.reader_name = coalesce(%(name)s, w.reader_name) ORDER BY w.reader_name

-- name: foreign_schemas
-- The given tenants' schemas that do not belong to whadmin: their owner has to let readers in.
SELECT n.nspname::text FROM pg_namespace n
WHERE n.nspname = ANY (%(tenants)s) AND NOT pg_has_role('whadmin', n.nspowner, 'USAGE') ORDER BY n.nspname

-- name: set_reader
-- Record a reader, and grant what it may read.
SELECT _wh_internal.set_reader(%(name)s, %(tenants)s)

-- name: forget_reader
-- Delete the record of a reader.
DELETE FROM _wh.readers WHERE reader_name = %(name)s

-- name: owned_by
-- What a role owns in this database, and whether it is in the given schema. Its default privileges are no
-- loss.
SELECT pg_describe_object(d.classid, d.objid, 0), EXISTS (SELECT FROM pg_depend n
    WHERE n.classid = d.classid AND n.objid = d.objid AND n.refclassid = 'pg_namespace'::regclass
    AND n.refobjid = to_regnamespace(quote_ident(%(workspace)s)))
FROM pg_shdepend d
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = to_regrole(quote_ident(%(name)s))
    AND d.deptype = 'o' AND d.classid <> 'pg_default_acl'::regclass
    AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1

-- name: others_in
-- What a schema holds that does not belong to a role.
SELECT pg_describe_object(n.classid, n.objid, 0) FROM pg_depend n
WHERE n.refclassid = 'pg_namespace'::regclass AND n.refobjid = to_regnamespace(quote_ident(%(workspace)s))
    AND n.deptype = 'n' AND n.classid <> 'pg_default_acl'::regclass
    AND NOT EXISTS (SELECT FROM pg_shdepend d WHERE d.classid = n.classid AND d.objid = n.objid
        AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND d.refclassid = 'pg_authid'::regclass AND d.refobjid = to_regrole(quote_ident(%(name)s))
        AND d.deptype = 'o') ORDER BY 1

-- name: give_workspace
-- Create a reader's workspace.
SELECT _wh_internal.give_workspace(%(name)s, %(workspace)s)

-- name: workspace_named
-- The reader whose workspace has that name.
SELECT reader_name FROM _wh.readers WHERE workspace = %(name)s AND reader_name <> %(name)s

-- name: end_sessions_of
-- End the sessions of a role.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(name)s

-- name: limit_readers
-- Bring up to date what readers of some tenants see in the public views.
SELECT _wh_internal.limit_readers()

-- name: demo_report
-- The demo's report: waste by tenant and year.
SELECT schema_name, to_char(logged_time AT TIME ZONE 'UTC', 'YYYY') AS year, count(*),
    round(sum(weight)) AS pounds, round(sum(weight * cost_per_lb)) AS dollars,
    round(sum(weight) / count(DISTINCT (logged_time AT TIME ZONE 'UTC')::date)) AS pounds_a_day
FROM public.foodlogstats
GROUP BY 1, 2
ORDER BY 1, 2

-- name: demo_top_items
-- The demo's report: the most wasted items of the last 30 days.
SELECT food_category, name, count(*), round(sum(weight)) AS pounds, count(DISTINCT schema_name) AS tenants
FROM public.foodlogstats
WHERE logged_time >= date_trunc('day', now()) - interval '30 days'
GROUP BY 1, 2
ORDER BY pounds DESC
LIMIT 5
