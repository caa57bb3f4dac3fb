CREATE OR REPLACE FUNCTION _wh_internal.adopt_logs() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Take over what the old functions logged, once. A text with a source's password in it is left out: the old
-- functions logged errors of dblink, which may quote the connection string. Times without a zone are UTC.
BEGIN
    IF (SELECT count(*) < 5 FROM pg_attribute a WHERE a.attrelid = to_regclass('_wh_manual.function_logs')
            AND a.attname IN ('created_at', 'function_name', 'log_level', 'message', 'context')
            AND NOT a.attisdropped)
        OR EXISTS (SELECT FROM _wh.function_logs l WHERE l.function_name = 'adopt_logs') THEN
        RETURN;
    END IF;
    INSERT INTO _wh.function_logs (created_at, function_name, log_level, message, context)
    SELECT coalesce(m.created_at, clock_timestamp()), coalesce(m.function_name, ''),
        coalesce(m.log_level, 'INFO'),
        CASE WHEN s.secret THEN '(left out: it held a password)' ELSE coalesce(m.message, '') END,
        CASE WHEN s.secret OR m.context IS NULL THEN '{}' ELSE to_jsonb(m.context) END
    FROM (SELECT l.created_at::timestamptz, l.function_name, l.log_level, l.message, l.context
        FROM _wh_manual.function_logs l) m
    CROSS JOIN LATERAL (SELECT bool_or(t.text ~* E'\\mpassword\\s*=' OR EXISTS (
            SELECT FROM _wh_manual.tenant_connections c
            -- As the table has it, as the source has it, and as JSON has that.
            CROSS JOIN LATERAL (SELECT _wh_internal.from_libpq(c.password) AS own) p
            CROSS JOIN LATERAL (VALUES (c.password), (p.own),
                (substr(to_json(p.own)::text, 2, length(to_json(p.own)::text) - 2))) w (text)
            WHERE w.text <> '' AND strpos(t.text, w.text) > 0)) AS secret
        FROM (VALUES (m.message), (m.context::text)) t (text)) s;
    PERFORM _wh_internal.write_log('adopt_logs', 'INFO', 'the old log was taken over', '{}');
END
$$;
