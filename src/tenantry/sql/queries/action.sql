-- name: request
-- Ask for an action.
SELECT _wh.request_action(%(kind)s, %(arguments)s::jsonb)

-- name: cancel
-- Cancel an action.
SELECT _wh.cancel_action(%(id)s)

-- name: listed
-- The newest actions, or one, with the templates that those mean which name none.
SELECT a.id, a.kind, a.arguments, a.login, a.role, a.requested_at, a.state, a.attempts, a.host, a.pid,
    a.started_at, a.ended_at, a.cancel_requested_at, a.cancelled_by, a.progress, a.result,
    ARRAY(SELECT DISTINCT f.template_name::text FROM _wh.feeds f
        WHERE NOT a.arguments ? 'template'
            AND f.schema_name = coalesce(a.arguments ->> 'tenant', f.schema_name) ORDER BY 1)
FROM _wh.actions a
WHERE (%(id)s::bigint IS NULL OR a.id = %(id)s)
    AND (NOT %(unfinished)s OR a.state IN ('waiting', 'running'))
ORDER BY a.id DESC LIMIT %(most)s

-- name: templates
-- The templates of a tenant, or of all.
SELECT DISTINCT f.template_name::text FROM _wh.feeds f
WHERE f.schema_name = coalesce(%(tenant)s, f.schema_name) ORDER BY 1

-- name: ready
-- The oldest action that may begin: it waits, or its worker is gone, since nobody holds its lock. Actions
-- that load or compare the same tenant's days keep their order and never run at once, nor do those that
-- change the state of its jobs; one that names no tenant is on all. Only whadmin itself runs jobs.
WITH held AS MATERIALIZED (
    SELECT l.objid::bigint AS id FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = 8321568 AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
), unfinished AS MATERIALIZED (
    SELECT a.id, a.kind, a.arguments ->> 'tenant' AS tenant, h.id IS NOT NULL AS held,
        a.kind IN ('backfill', 'refresh', 'verify', 'reload', 'fold', 'enable') AS loads,
        a.kind IN ('disable', 'enable', 'pause', 'resume') AS switches
    FROM _wh.actions a LEFT JOIN held h ON h.id = a.id WHERE a.state IN ('waiting', 'running')
)
SELECT u.id FROM unfinished u
WHERE NOT u.held AND (u.kind <> 'run_job' OR session_user = 'whadmin')
    AND NOT EXISTS (
        SELECT FROM unfinished e
        WHERE (e.held OR e.id < u.id) AND e.id <> u.id AND (e.loads AND u.loads OR e.switches AND u.switches)
            AND (e.tenant = u.tenant OR e.tenant IS NULL OR u.tenant IS NULL))
ORDER BY u.id LIMIT 1

-- name: choose_alone
-- Of several workers, one chooses at a time, until its transaction ends.
SELECT pg_advisory_xact_lock(8321568, 0)

-- name: hold
-- Take the action's lock, which says that a worker is at work on it.
SELECT pg_try_advisory_lock(8321568, %(id)s::integer)

-- name: take
-- Begin an action. Call it with the action's lock held.
UPDATE _wh.actions SET state = 'running', attempts = attempts + 1, host = %(host)s, pid = %(pid)s,
    started_at = clock_timestamp(), progress = NULL
WHERE id = %(id)s AND state IN ('waiting', 'running')
RETURNING attempts, _wh_internal.may_request(login, kind, arguments)

-- name: beat
-- Write how far an action is, if that is new, and ask whether somebody wants to cancel it.
WITH written AS (
    UPDATE _wh.actions SET progress = %(progress)s::jsonb
    WHERE id = %(id)s AND state = 'running' AND progress IS DISTINCT FROM %(progress)s::jsonb
)
SELECT cancel_requested_at IS NOT NULL FROM _wh.actions WHERE id = %(id)s

-- name: ended
-- Record how an action ended.
UPDATE _wh.actions SET state = %(state)s, result = left(_wh_internal.visible(%(result)s), 2000),
    progress = coalesce(%(progress)s::jsonb, progress), ended_at = clock_timestamp()
WHERE id = %(id)s AND state = 'running'

-- name: put_back
-- Let another worker begin it.
UPDATE _wh.actions SET state = 'waiting', attempts = attempts - 1, host = NULL, pid = NULL
WHERE id = %(id)s AND state = 'running'

-- name: prune
-- Delete actions that ended 90 days ago.
DELETE FROM _wh.actions WHERE ended_at < now() - interval '90 days'
