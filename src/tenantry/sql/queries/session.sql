-- name: refuse_administrator
-- Before a session acts as whadmin: the login must have no power over the server, because whadmin could
-- return to it.
SET search_path = pg_catalog, pg_temp;
DO $$
BEGIN
    IF session_user <> 'whadmin' AND pg_catalog.to_regrole('whadmin') IS NOT NULL AND EXISTS (
        SELECT FROM pg_catalog.pg_roles r
        WHERE (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
            OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))
            AND r.rolname <> 'whadmin' AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'TN001', MESSAGE = 'an administrator does not act as whadmin';
    END IF;
END
$$;

-- name: settle
-- The settings that a session of the program relies on, whatever the server, the database, the role or the
-- environment says: those of the functions, which come first as WITH pins (name, value), and some more.
-- Policies hide other roles' jobs, as intended. default_transaction_read_only is left alone: whoever has set
-- it means it.
SELECT pg_catalog.set_config(s.name, s.value, false)
FROM (
    SELECT p.name, p.value FROM pins p
    UNION ALL
    VALUES ('row_security', 'on'), ('search_path', 'public, pg_temp'), ('client_min_messages', 'warning'),
        ('default_transaction_isolation', 'read committed'), ('default_transaction_deferrable', 'off'),
        ('timezone_abbreviations', 'Default'), ('statement_timeout', '0'), ('lock_timeout', '0'),
            ('transaction_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
        -- A dead connection is noticed within about a minute. Its transaction ends, and its locks with it.
        ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
            ('tcp_user_timeout', '60000'),
        -- On a Citus cluster, only statements about distributed tables concern the other nodes (spread).
        ('citus.enable_ddl_propagation', 'off')
) s (name, value)
-- plpgsql may not be loaded yet.
WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL OR pg_catalog.starts_with(s.name, 'plpgsql.');
SELECT pg_catalog.pg_backend_pid();

-- name: groups
-- The groups of Tenantry that the login belongs to.
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE r.rolname IN ('tenantry_auditor', 'tenantry_operator', 'tenantry_template_author')
    AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')

-- name: database
-- A restored copy on another server has another start time.
SELECT d.oid, d.datname::text, pg_catalog.pg_postmaster_start_time() FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()

-- name: has_role
-- Whether a role exists.
SELECT pg_catalog.to_regrole(pg_catalog.quote_ident(%(role)s)) IS NOT NULL

-- name: process
-- The session's process id.
SELECT pg_catalog.pg_backend_pid()

-- name: patience
-- Milliseconds for each further statement of the transaction. dblink of PostgreSQL 18 has no connect_timeout.
SELECT set_config('statement_timeout', %s::text, true)

-- name: end_session
-- End another session.
SELECT pg_terminate_backend(%s)

-- name: waits
-- Which of the given sessions wait for a lock, what they wait for, and who holds it. Only statements that
-- began three seconds ago: a function may wait for one lock twice (await_lock), which restarts waitstart.
SELECT w.pid, CASE w.locktype
        WHEN 'relation' THEN w.relation::regclass::text
        WHEN 'advisory' THEN 'a lock of Tenantry''s'
        WHEN 'transactionid' THEN 'the end of a transaction'
        ELSE 'a lock (' || w.locktype || ')' END,
    b.pid, concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.usename, a.state,
        'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
    -- If the role may not see another role's statement, PostgreSQL returns a message in its place.
    CASE WHEN a.state IS NOT NULL THEN a.query ELSE '' END
FROM pg_locks w
JOIN pg_stat_activity q ON q.pid = w.pid
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_stat_activity a ON a.pid = b.pid
WHERE NOT w.granted AND w.pid = ANY (%(pids)s) AND b.pid <> ALL (%(pids)s)
    AND q.query_start < clock_timestamp() - interval '3 seconds'
    AND w.waitstart < clock_timestamp() - interval '1 second'
ORDER BY w.pid, b.pid

-- name: administrator
-- The session's role, and whether it is a superuser or may make roles.
SELECT current_user::text, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user

-- name: login
-- Who logged in.
SELECT session_user::text

-- name: now
-- The warehouse's clock.
SELECT clock_timestamp()

-- name: is_cluster
-- Whether this database is one of a Citus cluster. Only superusers create functions in pg_catalog.
SELECT pg_catalog.to_regproc('pg_catalog.create_distributed_table') IS NOT NULL

-- name: propagate
-- From now on, Citus carries out statements about roles and tables on all nodes (on), or here alone (off).
SELECT pg_catalog.set_config('citus.enable_ddl_propagation', %(value)s, false)
