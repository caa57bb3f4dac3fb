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
            ('tcp_user_timeout', '60000')
) s (name, value)
-- plpgsql may not be loaded yet.
WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL OR pg_catalog.starts_with(s.name, 'plpgsql.');
SELECT pg_catalog.pg_backend_pid();

-- name: groups
-- The groups of Tenantry that the login belongs to.
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE r.rolname IN ('tenantry_auditor', 'tenantry_operator', 'tenantry_template_author')
    AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')

-- name: acting
SELECT current_user::text

-- name: database
-- A restored copy on another server has another start time.
SELECT d.oid, d.datname::text, pg_catalog.pg_postmaster_start_time() FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()

-- name: has_role
SELECT pg_catalog.to_regrole(pg_catalog.quote_ident(%(role)s)) IS NOT NULL

-- name: process
SELECT pg_catalog.pg_backend_pid()
