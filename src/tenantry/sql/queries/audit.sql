-- name: tell_user
SELECT pg_catalog.set_config('tenantry.os_user', %(user)s, false), pg_catalog.set_config('tenantry.host', %(host)s, false)

-- name: add
SELECT _wh_internal.audit(%(what)s, %(subject)s, %(result)s)

-- name: is_there
-- Whether there is a trail that whadmin cannot change. Asked in the catalog, by an administrator, before anything of it is read.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = '_wh_audit' AND c.relname = 'entries' AND c.relkind = 'r'
        AND NOT pg_has_role('whadmin', n.nspowner, 'MEMBER') AND NOT pg_has_role('whadmin', c.relowner, 'MEMBER'))

-- name: entries
SELECT * FROM (
    SELECT id, at, login, role, application, host(address), pid, os_user, host, what, subject, result FROM _wh_audit.entries
    WHERE id > %(after)s AND (%(since)s::interval IS NULL OR at >= now() - %(since)s::interval)
    ORDER BY id DESC LIMIT %(most)s
) newest ORDER BY id

-- name: prune
DELETE FROM _wh_audit.entries WHERE at < %(before)s

-- name: note_prune
INSERT INTO _wh_audit.entries (at, login, role, application, pid, what, subject, result) VALUES (now(), '', '', '', 0, 'tenantry audit prune', %(before)s, %(result)s)
