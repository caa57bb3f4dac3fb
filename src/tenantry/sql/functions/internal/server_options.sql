CREATE OR REPLACE FUNCTION _wh_internal.server_options(connection _wh.tenant_connections) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The libpq keywords of a connection. Source sessions run in UTC and read only, write values
-- in the one way that loses nothing whatever the source's own settings are, give up on a dead network and on a
-- statement that runs for too long: a source that hangs must not hold a worker or a job for ever.
-- A statement may take 30 minutes and wait 1 minute for a lock, unless the options of the connection say otherwise.
DECLARE
    settings jsonb := '{"statement_timeout": "30min", "lock_timeout": "1min"}'::jsonb;
    forbidden text;
    session text;
BEGIN
    SELECT string_agg(o.key, ', ' ORDER BY o.key) INTO forbidden FROM jsonb_each(connection.options) o
    WHERE o.key IN ('user', 'password', 'host', 'port', 'dbname', 'service', 'servicefile', 'passfile', 'sslpassword', 'options', 'client_encoding');
    IF forbidden IS NOT NULL THEN
        RAISE EXCEPTION 'connection "%": options may not hold %', connection.tenant_name, forbidden
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Address, user and password have columns of their own; session settings are statement_timeout and lock_timeout.';
    END IF;
    PERFORM _wh_internal.source_limits(connection.options);
    SELECT settings || coalesce(jsonb_object_agg(o.key, o.value), '{}') INTO settings
    FROM jsonb_each(connection.options) o WHERE o.key IN ('statement_timeout', 'lock_timeout');
    SELECT string_agg(format('-c %s=%s', s.key, replace(replace(s.value, E'\\', E'\\\\'), ' ', E'\\ ')), ' ' ORDER BY s.key) INTO session
    FROM jsonb_each_text(settings || '{"TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "postgres", "extra_float_digits": "3", "default_transaction_read_only": "on"}') s;
    RETURN jsonb_build_object('application_name', 'tenantry', 'connect_timeout', '10',
            'keepalives_idle', '30', 'keepalives_interval', '10', 'keepalives_count', '3', 'tcp_user_timeout', '60000')
        || (connection.options - '{statement_timeout,lock_timeout,deadline,max_bytes,max_row_bytes}'::text[])
        || jsonb_build_object('host', connection.host, 'port', connection.port::text, 'dbname', connection.dbname, 'options', session);
END
$$;
