CREATE OR REPLACE FUNCTION _wh_internal.require_settings() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Refuse a transaction that cannot work correctly because of settings that a function cannot change. Above
-- READ COMMITTED, for example, it would wait for other loads and then not see them. The hint says where the
-- setting comes from.
DECLARE
    isolation text := current_setting('transaction_isolation');
    culprit text;
    reason text;
    origin text;
BEGIN
    IF isolation NOT IN ('read committed', 'read uncommitted') THEN
        culprit := CASE current_setting('default_transaction_isolation') WHEN isolation
            THEN 'default_transaction_isolation' ELSE 'transaction_isolation' END;
        reason := format('%s is "%s": a transaction that waits for other loads would not see '
            'them', culprit, isolation);
    ELSIF current_setting('transaction_read_only')::boolean THEN
        IF pg_is_in_recovery() THEN
            RAISE EXCEPTION 'the server is a read-only standby'
                USING ERRCODE = 'read_only_sql_transaction';
        END IF;
        culprit := CASE WHEN current_setting('default_transaction_read_only')::boolean
            THEN 'default_transaction_read_only' ELSE 'transaction_read_only' END;
        reason := format('%s is on: nothing can be loaded', culprit);
    ELSIF current_setting('session_replication_role') = 'replica' THEN
        culprit := 'session_replication_role';
        reason := format('%s is "replica": triggers and foreign keys would not work', culprit);
    ELSE
        RETURN;
    END IF;
    -- A session that resets default_transaction_read_only is itself read-only at first.
    origin := (SELECT s.source FROM pg_settings s WHERE s.name = culprit);
    RAISE EXCEPTION '%', reason USING ERRCODE = 'object_not_in_prerequisite_state', HINT = CASE
        WHEN origin IN ('database', 'user', 'database user', 'global', 'configuration file')
        THEN 'As the administrator: ' ELSE '' END
        || CASE culprit WHEN 'default_transaction_read_only' THEN 'SET default_transaction_read_only = off; '
            ELSE '' END || CASE origin
        WHEN 'database' THEN format('ALTER DATABASE %I RESET %s', current_database(), culprit)
        WHEN 'user' THEN format('ALTER ROLE %I RESET %s', session_user, culprit)
        WHEN 'database user'
            THEN format('ALTER ROLE %I IN DATABASE %I RESET %s', session_user, current_database(), culprit)
        WHEN 'global' THEN format('ALTER ROLE ALL RESET %s', culprit)
        WHEN 'client' THEN format('Remove %s from the options of the connection (PGOPTIONS).', culprit)
        WHEN 'configuration file' THEN format('ALTER SYSTEM RESET %s; SELECT pg_reload_conf()', culprit)
        ELSE format('Begin a new transaction without %s.', culprit) END;
END
$$;
