-- name: settle
-- What a session of the program relies on, whatever the server, the database, the role or the environment says: the
-- settings of the functions, which come before as WITH pins (name, value), and some of its own. Policies hide other roles' jobs,
-- and that is meant. Not default_transaction_read_only: who has set it means it.
SELECT pg_catalog.set_config(s.name, s.value, false)
FROM (
    SELECT p.name, p.value FROM pins p
    UNION ALL
    VALUES ('row_security', 'on'), ('search_path', 'public, pg_temp'), ('client_min_messages', 'warning'),
        ('default_transaction_isolation', 'read committed'), ('default_transaction_deferrable', 'off'),
        ('timezone_abbreviations', 'Default'), ('statement_timeout', '0'), ('lock_timeout', '0'), ('transaction_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
        -- A program whose line is dead is noticed within about a minute: its transaction ends, and with it its locks.
        ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '60000')
) s (name, value)
-- plpgsql may not be loaded yet.
WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL OR pg_catalog.starts_with(s.name, 'plpgsql.');
SELECT pg_catalog.pg_backend_pid();

-- name: has_role
SELECT pg_catalog.to_regrole(pg_catalog.quote_ident(%(role)s)) IS NOT NULL

-- name: process
SELECT pg_catalog.pg_backend_pid()
