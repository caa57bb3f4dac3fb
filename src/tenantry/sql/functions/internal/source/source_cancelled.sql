CREATE OR REPLACE FUNCTION _wh_internal.source_cancelled(tenant_name text, state text, message text)
    RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Whether an error is a cancel by the source, such as its statement_timeout. Call it under the same
    -- conditions as source_said. If this session is cancelled, the message is this server's own, even if the
    -- source, for which dblink then waits, times out in the end. The messages can only be the same if this
    -- session's own statement_timeout has passed as well.
    SELECT state = '57014' AND _wh_internal.source_said(tenant_name, message) AND NOT EXISTS (
        SELECT FROM pg_settings s WHERE s.name = 'statement_timeout' AND s.setting::bigint > 0
            AND clock_timestamp() >= statement_timestamp() + s.setting::bigint * interval '1 millisecond')
$$;
