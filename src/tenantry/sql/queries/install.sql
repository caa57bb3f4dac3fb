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
SELECT (pg_catalog.now() + interval '5 minutes')::text

-- name: expired_logins
-- Logins for one command that a killed command has left.
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE r.rolvaliduntil < pg_catalog.now() AND pg_catalog.shobj_description(r.oid, 'pg_authid') = %s

-- name: knows_builds
SELECT pg_catalog.to_regclass('_wh.installations') IS NOT NULL

-- name: build
SELECT i.version, i.functions FROM _wh.installations i ORDER BY i.id DESC LIMIT 1

-- name: no_member
-- Whether whadmin exists and the login is not a member of it.
SELECT r.oid IS NOT NULL AND NOT pg_has_role(r.oid, 'MEMBER'), current_user::text
FROM (SELECT) always LEFT JOIN pg_roles r ON r.rolname = 'whadmin'
