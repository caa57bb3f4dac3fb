-- name: cron
-- Who keeps this database's jobs: pg_cron, Tenantry's own schema cron, or nobody.
SELECT CASE
    WHEN n.oid IS NULL OR NOT has_schema_privilege(n.oid, 'USAGE') AND NOT %(group)s THEN NULL
    WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN 'pg_cron'
    WHEN pg_get_userbyid(n.nspowner) = 'whadmin' THEN 'own'
    END
FROM (SELECT) always LEFT JOIN pg_namespace n ON n.nspname = 'cron'

-- name: acts_for_another
-- Whether the session acts as another role than its login.
SELECT current_user <> session_user

-- name: of_extension
-- Whether cron.job is pg_cron's own table, which whadmin cannot change. An administrator asks this before
-- reading the table.
SELECT EXISTS (SELECT FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'cron'
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
        AND e.extname = 'pg_cron'
    WHERE c.relname = 'job' AND c.relkind = 'r' AND NOT pg_has_role('whadmin', c.relowner, 'MEMBER'))

-- name: hides
-- Whether the role sees only its own jobs. Owners and superusers see all.
SELECT coalesce(row_security_active(c.oid), false) FROM (SELECT) always
LEFT JOIN pg_class c ON c.relname = 'job' AND c.relnamespace = (SELECT n.oid FROM pg_namespace n
    WHERE n.nspname = 'cron')

-- name: all
-- All jobs that the role can see.
SELECT jobid, jobname::text, schedule, command, active, database, username FROM cron.job ORDER BY jobid

-- name: all_of_whadmin
-- What one of Tenantry's groups may see of the jobs.
SELECT jobid, name, schedule, command, active, database, username FROM _wh.jobs()

-- name: last_runs_of_whadmin
-- As last_runs, for a group.
SELECT j.jobid, r.runid, j.name, r.status, r.message, r.started, r.ended
FROM _wh.jobs() j CROSS
    JOIN LATERAL (SELECT * FROM _wh.job_runs(j.jobid) d WHERE d.started IS NOT NULL LIMIT 1) r

-- name: runs_of_whadmin
-- As runs, for a group.
SELECT d.jobid, d.runid, j.name, d.status, d.message, d.started, d.ended
FROM unnest(coalesce(%(jobids)s::bigint[], '{NULL}')) AS w(jobid) CROSS
    JOIN LATERAL _wh.job_runs(w.jobid, %(failed)s, %(most)s) d
LEFT JOIN _wh.jobs() j ON j.jobid = d.jobid ORDER BY d.runid DESC LIMIT %(most)s

-- name: leader
-- The scheduler that leads.
-- 8321567 is the class of the scheduler's advisory locks: the leader holds 0, and the session that runs a job
-- holds its jobid.
SELECT s.host, s.pid, s.elected_at, s.alive_at, s.last_tick FROM cron.scheduler s
WHERE EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 8321567 AND l.objid = 0
    AND l.objsubid = 2
    AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))

-- name: leader_of_whadmin
-- As leader, for a group.
SELECT host, pid, elected_at, alive_at, last_tick FROM _wh.job_leader()

-- name: set_active_of_whadmin
-- As set_active, for a group.
SELECT * FROM unnest(_wh.set_jobs_active(%(jobids)s::bigint[], %(active)s))

-- name: set_active
-- Enable or disable jobs; the numbers of those that changed.
UPDATE cron.job SET active = %(active)s WHERE jobid = ANY (%(jobids)s) AND active <> %(active)s
    RETURNING jobid

-- name: remove
-- Not cron.unschedule(jobid): with pg_cron, that removes any role's job, while this removes only jobs that
-- the role sees.
DELETE FROM cron.job WHERE jobid = ANY (%(jobids)s) RETURNING jobid

-- name: put
-- Make a job, or replace the one of its name.
SELECT cron.schedule(%(name)s, %(schedule)s, %(command)s)

-- name: sized_feeds
-- All feeds with the rows of their last year, by which jobs are spaced.
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage,
    (SELECT sum(s.row_count)::bigint FROM _wh.slices s
        WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name
            AND s.slice_date >= _wh.current_date_utc() - 365),
    t.disabled_at IS NULL AND t.dropping_at IS NULL
FROM _wh.feeds f JOIN _wh.mv_templates USING (template_name) LEFT JOIN _wh.tenants t USING (schema_name)
    ORDER BY f.schema_name, f.template_name

-- name: lock_layout
-- Wait for another session that lays out jobs, and keep others out.
SELECT _wh_internal.await_lock(8321567905, false, 'the jobs, which another session is laying out')

-- name: zone
-- The time zone of the hours in schedules. pg_cron's setting may be hidden from the role; its default is GMT.
SELECT coalesce((SELECT setting FROM pg_settings WHERE name = 'cron.timezone'), 'GMT')

-- name: last_runs
-- The last run of each job that the role sees. A run that has not begun has no start_time yet.
SELECT j.jobid, r.runid, j.jobname::text, r.status, r.return_message, r.start_time, r.end_time
FROM cron.job j CROSS JOIN LATERAL (
    SELECT * FROM cron.job_run_details d WHERE d.jobid = j.jobid AND d.start_time IS NOT NULL
    ORDER BY d.runid DESC LIMIT 1
) r

-- name: runs
-- The newest runs of jobs.
SELECT d.jobid, d.runid, j.jobname::text, d.status, d.return_message, d.start_time, d.end_time
FROM cron.job_run_details d LEFT JOIN cron.job j USING (jobid)
WHERE (%(jobids)s::bigint[] IS NULL OR d.jobid = ANY (%(jobids)s)) AND (NOT %(failed)s OR d.status = 'failed')
ORDER BY d.runid DESC LIMIT %(most)s
