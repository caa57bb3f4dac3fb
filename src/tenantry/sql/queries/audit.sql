-- name: tell_user
-- Tell the trail who runs this program, and on which machine.
SELECT pg_catalog.set_config('tenantry.os_user', %(user)s, false),
    pg_catalog.set_config('tenantry.host', %(host)s, false)

-- name: add
-- With what tell_user tells, in one round trip: a warehouse may be far away.
WITH told AS MATERIALIZED (
    SELECT pg_catalog.set_config('tenantry.os_user', %(user)s, false),
        pg_catalog.set_config('tenantry.host', %(host)s, false)
)
SELECT _wh_internal.audit(%(what)s, %(subject)s, %(result)s) FROM told

-- name: is_there
-- Whether there is a trail that whadmin cannot change. An administrator checks this in the catalog, before
-- reading anything from the trail.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = '_wh_audit' AND c.relname = 'entries' AND c.relkind = 'r'
        AND NOT pg_has_role('whadmin', n.nspowner, 'MEMBER')
        AND NOT pg_has_role('whadmin', c.relowner, 'MEMBER'))

-- name: entries
-- The newest entries of the trail, oldest first; or those whose subject contains a name as a whole word.
SELECT * FROM (
    SELECT id, at, login, role, application, host(address), pid, os_user, host, what, subject, result
    FROM _wh_audit.entries
    WHERE id > %(after)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
        AND (%(since)s::interval IS NULL OR at >= now() - %(since)s::interval)
        AND (%(who)s::text IS NULL OR %(who)s IN (login, os_user))
        AND (%(text)s::text IS NULL
            OR position(lower(%(text)s) IN lower(concat_ws(' ', what, subject, result))) > 0)
        AND (%(about)s::text IS NULL
            OR subject ~ ('(^|\W)' || regexp_replace(%(about)s, '(\W)', '\\\1', 'g') || '(\W|$)'))
    ORDER BY id DESC LIMIT %(most)s
) newest ORDER BY id

-- name: restored
-- The newest entries of the trails of other warehouses, oldest first.
SELECT * FROM (
    SELECT id, at, login, role, application, host(address), pid, os_user, host, what, subject, result,
    backup, restored_at, restored_by
    FROM _wh_audit.restored WHERE %(since)s::interval IS NULL OR at >= now() - %(since)s::interval
    ORDER BY at DESC, id DESC LIMIT %(most)s
) newest ORDER BY at, id

-- name: readable
-- The tables of the trail that the session may read. A warehouse of an older version lacks one or both.
SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '_wh_audit' AND c.relname IN ('entries', 'restored') AND c.relkind = 'r'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY c.relname

-- name: keep
-- What a backup holds of its warehouse's trail, and of the trails that were restored there. The column
-- `backup` begins with the name of this backup.
INSERT INTO _wh_audit.restored (backup, id, at, login, role, application, address, pid, os_user, host, what,
    subject, result)
SELECT %(backup)s || coalesce(': ' || e.backup, ''), e.id, e.at, e.login, e.role, e.application, e.address,
    e.pid, e.os_user, e.host,
    pg_catalog.left(e.what, 200), pg_catalog.left(e.subject, 2000), pg_catalog.left(e.result, 2000)
FROM pg_catalog.jsonb_populate_recordset(NULL::_wh_audit.restored, %(entries)s::jsonb) e
ON CONFLICT DO NOTHING

-- name: prune
-- Delete the trail's entries of before a moment.
DELETE FROM _wh_audit.entries WHERE at < %(before)s

-- name: prune_restored
-- Delete restored entries of before a moment.
DELETE FROM _wh_audit.restored WHERE at < %(before)s

-- name: note_prune
-- Write down who pruned the trail.
INSERT INTO _wh_audit.entries (at, login, role, application, pid, what, subject, result)
    VALUES (now(), '', '', '', 0, 'tenantry audit prune', %(before)s, %(result)s)
