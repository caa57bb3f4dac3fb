-- name: cron_files
-- Which files of sql/cron a database needs; the administrator asks this after install/2_cron.sql. If the
-- schema is Tenantry's own: all, as whadmin. If it is pg_cron's: only the overload, if the administrator may
-- add it.
SELECT coalesce(owner = 'whadmin' AND NOT extension, false) AS own_cron,
    coalesce(extension AND may_add, false) AS add_overload
FROM (
    SELECT pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
        EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_cron') AS extension,
        pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'schedule'
            AND p.pronargs = 5
                AND NOT pg_catalog.pg_has_role(p.proowner, 'USAGE')) AS may_add
    -- Always one row: an administrator who may not create the extension leaves no schema behind.
    FROM (SELECT) always LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'cron'
) facts

-- name: made_by_others
-- Roles that the session's role may not grant or alter: from 16 on, CREATEROLE alone is not enough for roles
-- that another role made.
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE r.rolname::text = ANY (%(names)s)
    AND pg_catalog.current_setting('server_version_num')::integer >= 160000
    AND NOT (SELECT me.rolsuper FROM pg_catalog.pg_roles me WHERE me.rolname = current_user)
    AND NOT pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
ORDER BY 1

-- name: soon
-- The moment at which a passing login's password ends.
SELECT (pg_catalog.now() + interval '5 minutes')::text

-- name: expired_logins
-- Logins for one command that a killed command has left.
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE r.rolvaliduntil < pg_catalog.now() AND pg_catalog.shobj_description(r.oid, 'pg_authid') = %s

-- name: knows_builds
-- Whether the warehouse records which builds installed it.
SELECT pg_catalog.to_regclass('_wh.installations') IS NOT NULL

-- name: build
-- The build that installed the warehouse last.
SELECT i.version, i.functions FROM _wh.installations i ORDER BY i.id DESC LIMIT 1

-- name: recorded
-- The build that installed the warehouse last, and the versions of its migrations.
SELECT i.version, i.functions, (SELECT array_agg(m.version) FROM _wh.migrations m)
FROM (SELECT) always
LEFT JOIN (SELECT n.version, n.functions FROM _wh.installations n ORDER BY n.id DESC LIMIT 1) i ON true

-- name: no_member
-- Whether whadmin exists and the login is not a member of it.
SELECT r.oid IS NOT NULL AND NOT pg_has_role(r.oid, 'MEMBER'), current_user::text
FROM (SELECT) always LEFT JOIN pg_roles r ON r.rolname = 'whadmin'

-- name: has_example
-- Whether the template of the manual is there; it can be dropped.
SELECT EXISTS (SELECT FROM _wh.mv_templates WHERE template_name = 'foodlogstats')

-- name: installation
-- What is installed: functions, tables, the newest migration, templates.
SELECT
    (SELECT count(*) FROM pg_proc WHERE pronamespace = '_wh'::regnamespace),
    to_regclass('_wh.tenant_connections') IS NOT NULL,
    (SELECT max(version) FROM _wh.migrations),
    (SELECT coalesce(array_agg(template_name ORDER BY template_name), '{}') FROM _wh.mv_templates)

-- name: roles
-- The rights of the two roles.
SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles
WHERE rolname IN ('whadmin', 'phood_ro') ORDER BY rolname

-- name: tenant_names
-- The names of all tenants.
SELECT schema_name FROM _wh.tenants ORDER BY 1

-- name: at_work
-- Running commands, and sessions that hold a tenant, by the key of _wh_internal.tenant_lock, which may have
-- been dropped. A command pauses for a moment between two slices; a program that keeps its sessions pauses
-- for longer.
SELECT a.pid, coalesce(nullif(a.application_name, ''), a.usename::text), l.tenants
FROM pg_stat_activity a
LEFT JOIN (
    SELECT k.pid, array_agg(DISTINCT t.schema_name ORDER BY t.schema_name) AS tenants
    FROM pg_locks k
    JOIN unnest(%(tenants)s::text[]) t (schema_name) ON hashtextextended(jsonb_build_array('tenantry tenant',
        t.schema_name)::text, 0)
        = (k.classid::bigint << 32 | k.objid::bigint)
    WHERE k.locktype = 'advisory' AND k.objsubid = 1 AND k.granted
        AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY k.pid
) l USING (pid)
WHERE a.datname = current_database() AND a.pid <> ALL (%(own)s)
    AND (l.pid IS NOT NULL OR a.application_name LIKE 'tenantry_%%'
    AND a.application_name NOT LIKE 'tenantry scheduler%%'
        AND (a.state <> 'idle' OR a.state_change > clock_timestamp() - interval '5 seconds'))
ORDER BY a.pid

-- name: jobs_at_work
-- Jobs that are running now. After a crash, some records claim that without being true.
SELECT d.job_pid, coalesce('job ' || j.jobname, 'job ' || d.jobid), NULL::text[]
FROM cron.job_run_details d JOIN pg_stat_activity a ON a.pid = d.job_pid LEFT JOIN cron.job j USING (jobid)
WHERE d.status IN ('starting', 'running') AND a.datname = current_database() AND d.job_pid <> pg_backend_pid()
    -- Otherwise a session with the same pid as a crashed one would be mistaken for it.
    AND a.backend_start <= coalesce(d.start_time, a.backend_start) + interval '1 second'
ORDER BY d.job_pid

-- name: unsettled
-- Feeds with tables that stand in their tenants' schemas, where versions before 0.2 kept them.
SELECT f.schema_name, f.template_name FROM _wh.feeds f
WHERE EXISTS (SELECT FROM _wh_internal.unsettled(f)) ORDER BY 1, 2

-- name: settle
-- Move the tables of a feed where they belong.
SELECT _wh_internal.fit_relation(%(template)s, %(schema)s, 'place', '')

-- name: unpublished
-- Feeds whose views, or whose public view, have other columns than this version gives them.
SELECT f.schema_name, f.template_name FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.fit_name(f.template_name) AS n (name)
CROSS JOIN LATERAL _wh_internal.columns_shape(_wh_internal.shown_columns(f.template_name)) AS s (shape)
WHERE _wh_internal.view_columns(f.schema_name, n.name) <> s.shape
    OR _wh_internal.view_columns('public', n.name) <> 'schema_name text, ' || s.shape ORDER BY 1, 2

-- name: publish
-- Bring the views of a feed, and the public view, up to date.
SELECT _wh.update_tenant_union_view_by_template(f.template_name, f.tenant_name, f.schema_name),
    _wh.update_public_view_by_template(f.template_name)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: has_migrations
-- Works for an administrator who may not look into the schema, too.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = '_wh'
    WHERE c.relname = 'migrations')

-- name: has_jobs
-- Whether there are records of jobs' runs.
SELECT to_regclass('cron.job_run_details') IS NOT NULL

-- name: definitions
-- Each of Tenantry's functions and each template, with a hash of its text.
SELECT 'function ' || p.oid::regprocedure,
    md5(pg_get_functiondef(p.oid) || coalesce(obj_description(p.oid, 'pg_proc'), ''))
FROM pg_proc p
    WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('_wh', '_wh_internal', 'cron'))
    AND p.prokind IN ('f', 'p') AND pg_get_userbyid(p.proowner) = 'whadmin'
UNION ALL
SELECT 'template ' || t.template_name, md5((to_jsonb(t) - '{created_at,updated_at}'::text[])::text)
    FROM _wh.mv_templates t

-- name: by_hand
-- Whether the database holds a warehouse by the manual's own scripts, or one that is being adopted. By
-- names alone: who asks may have no right on the schema.
SELECT NOT coalesce('migrations' = ANY (h.names), false) AND (to_regnamespace('_wh_adopt') IS NOT NULL
    OR coalesce(h.names @> '{tenant_connections,mv_templates}', false))
FROM (SELECT array_agg(c.relname::text) AS names FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = '_wh') h

-- name: hand_connections
-- The names of connections by hand.
SELECT c.tenant_name::text FROM _wh.tenant_connections c ORDER BY 1

-- name: hand_templates
-- The names of templates by hand.
SELECT t.template_name::text FROM _wh.mv_templates t ORDER BY 1

-- name: hand_feeds
-- Each template of each tenant: connection, candidates, first and last day, number of days, gaps between
-- them, years, and the number of days whose definition holds a password.
SELECT f.schema_name::text, f.template_name, t.connection, coalesce(t.addressed, t.scheduled, '{}'),
    min(f.slice_date), max(f.slice_date), count(f.slice_date),
    coalesce(max(f.slice_date) - min(f.slice_date) + 1 - count(f.slice_date), 0)::integer,
    coalesce(array_agg(f.year ORDER BY f.year) FILTER (WHERE f.kind = 'year'), '{}'),
    count(*) FILTER (WHERE f.secret)
FROM pg_temp.tenantry_found f JOIN pg_temp.tenantry_tenants t USING (schema_name)
WHERE f.kind IN ('day', 'year') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2

-- name: hand_functions
-- The operators' own functions: those whose names are not Tenantry's.
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = '_wh'::regnamespace AND p.prokind IN ('f', 'p') AND p.prorettype <> 'trigger'::regtype
    AND l.lanpltrusted AND p.proname <> ALL (%s) ORDER BY 1

-- name: hand_jobs
-- Jobs that call functions of the warehouse.
SELECT coalesce(j.jobname, j.jobid::text), j.active, j.command FROM pg_temp.tenantry_jobs j ORDER BY 1

-- name: hand_left
-- What stays as it is, and why.
SELECT format('%I.%I', f.schema_name, f.relname), CASE
    WHEN f.kind = 'odd' AND f.template_name IS NOT NULL
        THEN 'its name is not a day''s; it is made again without its password'
    WHEN f.kind = 'odd' THEN 'no template has its name; it is made again without its password'
    WHEN f.relkind = 'm' AND f.template_name IS NOT NULL THEN 'its name is not a day''s'
    WHEN f.template_name IS NULL THEN 'no template has its name'
    ELSE 'it is neither a day nor a year of its template' END
FROM pg_temp.tenantry_found f
WHERE f.in_tenant AND (f.kind IS NULL OR f.kind = 'odd')
UNION ALL
SELECT format('_wh.%I', c.relname),
    'it is not the manual''s; it moves to _wh_manual with the old functions, and stays there'
FROM pg_class c WHERE c.relnamespace = '_wh'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND c.relname NOT IN ('tenant_connections', 'mv_templates', 'function_logs')
UNION ALL
SELECT format('_wh.%s.%I', w.relname, a.attname), 'Tenantry has no such column; it goes with --finish'
FROM (VALUES ('tenant_connections',
        '{tenant_name,host,port,dbname,username,password,created_at,updated_at}'::text[]),
    ('mv_templates',
        '{template_name,description,query_template,column_definitions,indexes,created_at,updated_at}'),
    ('function_logs', '{id,function_name,log_level,message,context,created_at}')) w (relname, columns)
JOIN pg_attribute a ON a.attrelid = to_regclass('_wh.' || w.relname) AND a.attnum > 0 AND NOT a.attisdropped
WHERE a.attname <> ALL (w.columns)
UNION ALL
SELECT DISTINCT format('%I.%I', n.nspname, v.relname),
    'it uses the old schema _wh; let it use the new one before --finish'
FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace AND n.nspname <> '_wh'
LEFT JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid
LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
WHERE coalesce(t.relnamespace, p.pronamespace) = '_wh'::regnamespace
ORDER BY 1

-- name: adopt_remains
-- What operators had made in the old schema, which stays in _wh_manual.
SELECT format('%I.%I', n.nspname, x.name)
FROM pg_namespace n
JOIN (SELECT c.relnamespace AS namespace, c.relname AS name FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION SELECT p.pronamespace, p.proname FROM pg_proc p) x ON x.namespace = n.oid
WHERE n.nspname = '_wh_manual' ORDER BY 1

-- name: hand_rights
-- Rights that differ from those of a new warehouse: whose, and what happens to them.
SELECT format('%I is %s', r.rolname, concat_ws(', ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
        CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END)),
    'stays so; doctor names the command that changes it'
FROM pg_roles r WHERE r.rolname IN ('whadmin', 'phood_ro')
    AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
UNION ALL
SELECT format('%s is a member of %s', m.member::regrole, string_agg(m.roleid::regrole::text, ', ')),
    'stays so'
FROM (SELECT DISTINCT m.member, m.roleid FROM pg_auth_members m
    WHERE m.member::regrole::text IN ('whadmin', 'phood_ro')) m GROUP BY m.member
UNION ALL
SELECT format('PUBLIC may execute %s', CASE w.n WHEN 1 THEN 'a function of dblink'
        ELSE w.n || ' functions of dblink' END),
    CASE WHEN w.own THEN 'taken away; tenantry adopt --undo gives it back'
    ELSE 'stays so, because they belong to another role' END
FROM (SELECT count(*) AS n, pg_has_role(p.proowner, 'USAGE') AS own
    FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
    JOIN pg_proc p ON p.oid = d.objid
    WHERE e.extname = 'dblink' AND has_function_privilege('public', p.oid, 'EXECUTE') GROUP BY 2) w
UNION ALL
SELECT 'PUBLIC may create objects in schema public', 'taken away; tenantry adopt --undo gives it back'
WHERE has_schema_privilege('public', 'public', 'CREATE')

-- name: adopt_secrets
-- How many materialized views hold a password in their definition.
SELECT count(*) FROM pg_class c WHERE c.relkind = 'm' AND pg_get_viewdef(c.oid) ~* (
    E'^(?:[^''"]|''(?:[^'']|'''')*''|"(?:[^"]|"")*")*?\\mdblink\\(E?''(?:[^'']|'''')*'
    || E'(?:\\mpassword\\s*=|://[^''/@]*:[^''/@]*@)')

-- name: adopt_done
-- Whether a step of an adoption is done.
SELECT EXISTS (SELECT FROM _wh_adopt.steps WHERE step = %s)

-- name: adopt_begun
-- Whether an adoption has begun, and is not finished.
SELECT to_regclass('_wh_adopt.steps') IS NOT NULL

-- name: adopt_held
-- Whether jobs are held.
SELECT EXISTS (SELECT FROM _wh_adopt.jobs WHERE active)

-- name: adopt_installed
-- Record that Tenantry is installed.
INSERT INTO _wh_adopt.steps VALUES ('installed') ON CONFLICT DO NOTHING

-- name: adopt_kept
-- What undo has kept, a line each.
SELECT k.line FROM pg_temp.tenantry_kept k

-- name: adopt_feeds
-- Template, connection and schema of each feed.
SELECT f.template_name, f.tenant_name, f.schema_name FROM _wh.feeds f ORDER BY 1, 3

-- name: adopt_jobs
-- The jobs of before, as they are now.
SELECT o.jobid, coalesce(o.jobname, o.jobid::text), coalesce(j.command, o.command)
FROM _wh_adopt.jobs o LEFT JOIN cron.job j USING (jobid)
-- Only a superuser sees those of other roles, and that one is gone.
WHERE j.jobid IS NOT NULL OR NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) ORDER BY 2

-- name: adopt_fix_job
-- Give a job another command.
SELECT _wh_adopt.set_job(%(jobid)s, NULL, %(command)s)

-- name: adopt_had_jobs
-- Whether there were jobs that called the old functions.
SELECT EXISTS (SELECT FROM _wh_adopt.jobs)

-- name: adopt_alone
-- Hold a part of an adoption until the session ends, that of a killed program included. Waits a minute.
SELECT set_config('lock_timeout', '1min', true), pg_advisory_lock(8321567905 + %s)

-- name: adopt_made
-- The feeds whose days were made again.
SELECT f.schema_name, f.template_name FROM _wh.feeds f ORDER BY 1, 2

-- name: adopt_bind
-- Bind the records of a feed's days to the views that took the old ones' places.
SELECT _wh_internal.adopt_days(f) FROM _wh.feeds f WHERE f.schema_name = %s AND f.template_name = %s
