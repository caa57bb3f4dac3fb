-- name: cron
SELECT CASE
    WHEN n.oid IS NULL OR NOT has_schema_privilege(n.oid, 'USAGE') THEN NULL
    WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN 'pg_cron'
    WHEN pg_get_userbyid(n.nspowner) = 'whadmin' THEN 'own'
    END
FROM (SELECT) always LEFT JOIN pg_namespace n ON n.nspname = 'cron'

-- name: all
SELECT jobid, jobname::text, schedule, command, active, database, username FROM cron.job ORDER BY jobid

-- name: set_active
UPDATE cron.job SET active = %(active)s WHERE jobid = ANY (%(jobids)s) AND active <> %(active)s RETURNING jobid

-- name: remove
-- Not cron.unschedule(jobid): with pg_cron that removes any role's job, and this only those that the role sees.
DELETE FROM cron.job WHERE jobid = ANY (%(jobids)s) RETURNING jobid

-- name: put
SELECT cron.schedule(%(name)s, %(schedule)s, %(command)s)
