-- name: administrator
SELECT current_user::text, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user

-- name: role
-- A role and whether it is a reader of this warehouse.
SELECT r.rolname IS NOT NULL, w.reader_name IS NOT NULL
FROM (SELECT) always LEFT JOIN pg_roles r ON r.rolname = %(name)s LEFT JOIN _wh.readers w ON w.reader_name = %(name)s

-- name: readers
SELECT w.reader_name, w.tenants, coalesce(r.rolconnlimit, -1),
    (SELECT substr(c, length('statement_timeout=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) c
        WHERE s.setrole = r.oid AND s.setdatabase = 0 AND c LIKE 'statement_timeout=%%'),
    (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid), r.oid IS NOT NULL, w.created_at
FROM _wh.readers w LEFT JOIN pg_roles r ON r.rolname = w.reader_name
WHERE w.reader_name = coalesce(%(name)s, w.reader_name) ORDER BY w.reader_name

-- name: foreign_schemas
-- Of some tenants' schemas those that are not whadmin's: their owner has to let readers in.
SELECT n.nspname::text FROM pg_namespace n
WHERE n.nspname = ANY (%(tenants)s) AND NOT pg_has_role('whadmin', n.nspowner, 'USAGE') ORDER BY n.nspname

-- name: set_reader
SELECT _wh_internal.set_reader(%(name)s, %(tenants)s)

-- name: forget_reader
DELETE FROM _wh.readers WHERE reader_name = %(name)s

-- name: owned_by
-- What a role owns in this database.
SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_shdepend d
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = to_regrole(quote_ident(%(name)s)) AND d.deptype = 'o'
    AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1

-- name: end_sessions_of
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(name)s

-- name: at_work
-- Commands at work, and whoever holds a tenant: by the key of _wh_internal.tenant_lock, which may have been dropped. A command
-- rests for a moment between two slices; a program that keeps its sessions rests for longer.
SELECT a.pid, coalesce(nullif(a.application_name, ''), a.usename::text), l.tenants
FROM pg_stat_activity a
LEFT JOIN (
    SELECT k.pid, array_agg(DISTINCT t.schema_name ORDER BY t.schema_name) AS tenants
    FROM pg_locks k
    JOIN _wh.tenants t ON hashtextextended(jsonb_build_array('tenantry tenant', t.schema_name)::text, 0)
        = (k.classid::bigint << 32 | k.objid::bigint)
    WHERE k.locktype = 'advisory' AND k.objsubid = 1 AND k.granted
        AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY k.pid
) l USING (pid)
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND (l.pid IS NOT NULL OR a.application_name LIKE 'tenantry_%' AND a.application_name NOT LIKE 'tenantry scheduler%'
        AND (a.state <> 'idle' OR a.state_change > clock_timestamp() - interval '5 seconds'))
ORDER BY a.pid

-- name: jobs_at_work
-- Jobs that run now; a crash leaves records of some that do not.
SELECT d.job_pid, coalesce('job ' || j.jobname, 'job ' || d.jobid), NULL::text[]
FROM cron.job_run_details d JOIN pg_stat_activity a ON a.pid = d.job_pid LEFT JOIN cron.job j USING (jobid)
WHERE d.status IN ('starting', 'running') AND a.datname = current_database() AND d.job_pid <> pg_backend_pid()
    -- Else a session that has got the number of one that crashed would pass for it.
    AND a.backend_start <= coalesce(d.start_time, a.backend_start) + interval '1 second'
ORDER BY d.job_pid

-- name: has_jobs
SELECT to_regclass('cron.job_run_details') IS NOT NULL

-- name: definitions
-- Every function of ours and every template, with a hash of what it says.
SELECT 'function ' || p.oid::regprocedure, md5(pg_get_functiondef(p.oid) || coalesce(obj_description(p.oid, 'pg_proc'), ''))
FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('_wh', '_wh_internal', 'cron'))
    AND p.prokind IN ('f', 'p') AND pg_get_userbyid(p.proowner) = 'whadmin'
UNION ALL
SELECT 'template ' || t.template_name, md5((to_jsonb(t) - '{created_at,updated_at}'::text[])::text) FROM _wh.mv_templates t
