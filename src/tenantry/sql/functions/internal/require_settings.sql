CREATE OR REPLACE FUNCTION _wh_internal.require_settings() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Refuse a transaction that cannot be right, because of settings that a function cannot change. Above READ COMMITTED it
-- would wait for others, and then not see what they did. The hint says where the setting comes from.
DECLARE
    isolation text := current_setting('transaction_isolation');
    setting text;
    reason text;
    origin text;
BEGIN
    IF isolation NOT IN ('read committed', 'read uncommitted') THEN
        setting := CASE current_setting('default_transaction_isolation') WHEN isolation THEN 'default_transaction_isolation' ELSE 'transaction_isolation' END;
        reason := format('%s is "%s": who waits for others'' loads would not see them', setting, isolation);
    ELSIF current_setting('transaction_read_only')::boolean THEN
        IF pg_is_in_recovery() THEN
            RAISE EXCEPTION 'the server is a standby, which only reads' USING ERRCODE = 'read_only_sql_transaction';
        END IF;
        setting := CASE WHEN current_setting('default_transaction_read_only')::boolean THEN 'default_transaction_read_only' ELSE 'transaction_read_only' END;
        reason := format('%s is on: nothing can be loaded', setting);
    ELSIF current_setting('session_replication_role') = 'replica' THEN
        setting := 'session_replication_role';
        reason := format('%s is "replica": triggers and foreign keys would not work', setting);
    ELSE
        RETURN;
    END IF;
    origin := (SELECT s.source FROM pg_settings s WHERE s.name = setting);
    RAISE EXCEPTION '%', reason USING ERRCODE = 'object_not_in_prerequisite_state', HINT = CASE origin
        WHEN 'database' THEN format('As the administrator: ALTER DATABASE %I RESET %s', current_database(), setting)
        WHEN 'user' THEN format('As the administrator: ALTER ROLE %I RESET %s', session_user, setting)
        WHEN 'database user' THEN format('As the administrator: ALTER ROLE %I IN DATABASE %I RESET %s', session_user, current_database(), setting)
        WHEN 'global' THEN format('As the administrator: ALTER ROLE ALL RESET %s', setting)
        WHEN 'client' THEN format('Take %s out of the options of the connection (PGOPTIONS).', setting)
        WHEN 'configuration file' THEN format('As the administrator: ALTER SYSTEM RESET %s; SELECT pg_reload_conf()', setting)
        ELSE format('Begin another transaction, without %s.', setting) END;
END
$$;
