CREATE OR REPLACE FUNCTION _wh_internal.source_cancelled(tenant_name text, state text, message text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Whether an error is a cancel by the source, such as its statement_timeout, which dblink passes on as if it were one of
-- this session. To be asked before the login is released: libpq keeps what the source raised last on it, and that is the
-- very text that dblink has passed on, in whatever language. Who cancels here gets words of this server's instead,
-- though the source, which dblink then waits for, may have timed out in the end; words that may be the same only
-- if this session's own statement_timeout has passed as well.
DECLARE
    server text := _wh_internal.server_name(tenant_name);
    said text;
BEGIN
    IF state <> '57014' THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT CASE WHEN %1$L = ANY (%2$I.dblink_get_connections()) THEN %2$I.dblink_error_message(%1$L) END',
        server, _wh_internal.dblink_schema()) INTO said;
    RETURN coalesce(position(message IN said) > 0, false) AND NOT EXISTS (
        SELECT FROM pg_settings s WHERE s.name = 'statement_timeout' AND s.setting::bigint > 0
            AND clock_timestamp() >= statement_timestamp() + s.setting::bigint * interval '1 millisecond');
END
$$;
