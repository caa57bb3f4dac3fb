-- name: outlive
-- How soon the server ends a session whose program or host is gone: after about ten seconds. On a socket of
-- the same machine, it notices at once.
SELECT set_config('tcp_keepalives_idle', '4', false), set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false),
    set_config('idle_session_timeout', '0', false)

-- name: check_client
-- End the statement of a program that is gone as well. Not every system can detect that.
SELECT set_config('client_connection_check_interval', '5000', false)

-- name: try_to_lead
-- Become the leader, if there is none.
SELECT pg_try_advisory_lock(8321567, 0)

-- name: sign_of_life
-- The leader's process, when it was last alive, and its name if it is a stranger.
SELECT l.pid, s.alive_at, CASE WHEN NOT has_schema_privilege(a.usesysid, '_wh', 'USAGE')
    THEN format('session %s (%s)', l.pid,
    concat_ws(', ', nullif(a.application_name, ''), a.usename, host(a.client_addr))) END
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) LEFT JOIN cron.scheduler s ON true
WHERE l.locktype = 'advisory' AND l.classid = 8321567 AND l.objid = 0 AND l.objsubid = 2 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: depose
-- End the leader's session.
SELECT pg_terminate_backend(%(pid)s)

-- name: evict
-- Idle workers that do not leave, because their program hangs. What they did is recorded. Choose all of them
-- first, then end them: PostgreSQL may evaluate the conditions of one WHERE in any order.
WITH hanging AS MATERIALIZED (
    SELECT l.objid::bigint AS jobid, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.classid = 8321567 AND l.objid <> 0 AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND a.application_name = 'tenantry job' AND a.state = 'idle'
            AND a.state_change < clock_timestamp() - %(patience)s
)
SELECT jobid FROM hanging WHERE pg_terminate_backend(pid)

-- name: elected
-- If the clock was set back, jobs must not wait until it reaches its former time.
INSERT INTO cron.scheduler AS s (host, pid, elected_at, alive_at, last_tick)
VALUES (%(host)s, %(pid)s, clock_timestamp(), clock_timestamp(), clock_timestamp())
ON CONFLICT (single) DO UPDATE SET host = excluded.host, pid = excluded.pid, elected_at = excluded.elected_at,
    alive_at = excluded.alive_at, last_tick = least(s.last_tick, excluded.last_tick)
RETURNING last_tick

-- name: now
-- The time, when the server was started, and a mark of the active jobs, which changes with any of them.
SELECT statement_timestamp(), pg_postmaster_start_time(),
    (SELECT format('%%s %%s', count(*), sum(hash_record_extended(ROW(j.jobid, j.schedule, j.since), 0)))
    FROM cron.job j WHERE j.active)

-- name: jobs
-- The active jobs, each with the time since when it is as it is.
SELECT j.jobid, j.schedule, j.since FROM cron.job j WHERE j.active

-- name: enqueue
-- Put the runs that are due into the queue, each once.
INSERT INTO cron.job_run_details (jobid, database, username, command, status, scheduled_for)
SELECT j.jobid, j.database, j.username, j.command, 'starting', due.at
FROM unnest(%(jobids)s::bigint[], %(times)s::timestamptz[]) due(jobid, at) JOIN cron.job j USING (jobid)
WHERE j.active ORDER BY due.at, j.jobid
ON CONFLICT (jobid, scheduled_for) DO NOTHING

-- name: ticked
-- Note up to when runs were queued.
UPDATE cron.scheduler SET last_tick = %(now)s, alive_at = clock_timestamp()

-- name: give_up
-- Runs that no session works on and that must not begin any more: the job was removed or paused, or the run
-- is more than ten minutes late and a newer run of the job is waiting.
UPDATE cron.job_run_details d SET status = 'failed', end_time = clock_timestamp(), return_message = CASE
    WHEN d.status = 'running' THEN 'cut off, and the job was removed or paused meanwhile'
    WHEN o.gone THEN 'skipped: the job was removed or paused before'
    ELSE 'skipped: more than ten minutes late, because the runs before took so long' END
FROM (
    SELECT r.runid, j.jobid IS NULL AS gone
    FROM cron.job_run_details r LEFT JOIN cron.job j ON j.jobid = r.jobid AND j.active
    WHERE r.status IN ('starting', 'running')
        AND r.jobid NOT IN (SELECT l.objid::bigint FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = 8321567 AND l.objsubid = 2
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND (j.jobid IS NULL OR r.status = 'starting'
            AND r.scheduled_for < statement_timestamp() - %(make_up)s
            AND EXISTS (SELECT FROM cron.job_run_details n WHERE n.jobid = r.jobid AND n.status = 'starting'
                AND n.scheduled_for > r.scheduled_for))
) o
WHERE d.runid = o.runid AND d.status IN ('starting', 'running')
RETURNING d.jobid, d.scheduled_for, d.return_message

-- name: prune
-- Delete records of runs that ended 90 days ago.
DELETE FROM cron.job_run_details WHERE end_time < now() - interval '90 days'

-- name: waiting
-- Jobs with runs that have not begun, or that were begun by a scheduler that is gone: nobody holds the job's
-- lock.
SELECT r.jobid FROM cron.job_run_details r JOIN cron.job j ON j.jobid = r.jobid AND j.active
WHERE r.status IN ('starting', 'running')
    AND r.jobid NOT IN (SELECT l.objid::bigint FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = 8321567 AND l.objsubid = 2
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
GROUP BY r.jobid ORDER BY min(r.scheduled_for), r.jobid

-- name: hold_job
-- Take a job's lock, so that it runs once at a time.
SELECT pg_try_advisory_lock(8321567, %(jobid)s::integer)

-- name: take
-- Call it under the job's lock: a run that is marked as running was begun by a session that is gone, and was
-- not committed.
UPDATE cron.job_run_details
    SET status = 'running', job_pid = pg_backend_pid(), start_time = clock_timestamp(),
    attempts = attempts + 1
WHERE runid = (
    SELECT r.runid FROM cron.job_run_details r JOIN cron.job j ON j.jobid = r.jobid AND j.active
    WHERE r.jobid = %(jobid)s AND r.status IN ('starting', 'running')
        ORDER BY r.scheduled_for, r.runid LIMIT 1)
RETURNING runid, command, database, username, attempts, scheduled_for

-- name: begin_by_hand
-- Record the begin of a run that somebody started.
INSERT INTO cron.job_run_details (jobid, job_pid, database, username, command, status, start_time, attempts)
VALUES (%(jobid)s, pg_backend_pid(), %(database)s, %(username)s, %(command)s, 'running', clock_timestamp(),
    1) RETURNING runid

-- name: path_of_the_role
-- Give a job the search_path that its role has.
RESET search_path

-- name: own_path
-- Take back the scheduler's own search_path.
SET search_path = public, pg_temp

-- name: succeeded
-- Record that a run succeeded.
UPDATE cron.job_run_details
    SET status = 'succeeded', return_message = '', end_time = pg_catalog.clock_timestamp()
    WHERE runid = %(runid)s

-- name: message
-- Record what a run said.
UPDATE cron.job_run_details SET return_message = %(message)s WHERE runid = %(runid)s

-- name: failed
-- Record that a run failed, and why.
UPDATE cron.job_run_details SET status = 'failed', return_message = %(message)s, end_time = clock_timestamp()
WHERE runid = %(runid)s AND status = 'running'

-- name: put_back
-- Put a run back into the queue.
UPDATE cron.job_run_details SET status = 'starting', attempts = attempts - 1
    WHERE runid = %(runid)s AND status = 'running'
