CREATE OR REPLACE FUNCTION _wh_internal.source_cancelled(tenant_name text, state text, message text)
    RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Whether an error is a cancel by the source, such as its statement_timeout; to be asked as source_said
    -- is. Who cancels here gets words of this server's, though the source, which dblink then waits for, may
    -- have timed out in the end; words that may be the same only if this session's own statement_timeout has
    -- passed as well.
    SELECT state = '57014' AND _wh_internal.source_said(tenant_name, message) AND NOT EXISTS (
        SELECT FROM pg_settings s WHERE s.name = 'statement_timeout' AND s.setting::bigint > 0
            AND clock_timestamp() >= statement_timestamp() + s.setting::bigint * interval '1 millisecond')
$$;
