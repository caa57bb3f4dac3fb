CREATE OR REPLACE FUNCTION _wh_internal.server_options(connection _wh.tenant_connections) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The libpq keywords of a connection, without user and password. A login requests the settings of
-- source_settings. Each transaction that reads requests them again and reads them back, because a pooler may
-- not have passed them on. With `pooler`, the login requests none. A dead network is given up, so that a
-- source that hangs cannot block a worker or a job forever. Only listed keywords are allowed as options: none
-- of them leads to another address or to a file with passwords, whatever libpq learns in the future. A source
-- that asks for the password in clear text or as MD5 does not get it, unless require_auth allows that.
DECLARE
    keywords CONSTANT text[]
        := '{sslmode,sslnegotiation,sslrootcert,sslcert,sslkey,sslcertmode,sslcrl,sslcrldir,sslsni,'
        'ssl_min_protocol_version,
        ssl_max_protocol_version,channel_binding,require_auth,gssencmode,connect_timeout,keepalives,'
            'keepalives_idle,keepalives_interval,
        keepalives_count,tcp_user_timeout,application_name,target_session_attrs,load_balance_hosts,'
            'min_protocol_version,max_protocol_version}'::text[];
    ours CONSTANT text[] := _wh_internal.settable_settings()
        || '{pooler,deadline,max_bytes,max_row_bytes}'::text[];
    forbidden text;
    session text;
    pooler boolean;
BEGIN
    SELECT string_agg(o.key, ', ' ORDER BY o.key) INTO forbidden FROM jsonb_each(connection.options) o
        WHERE o.key <> ALL (keywords || ours);
    IF forbidden IS NOT NULL THEN
        RAISE EXCEPTION 'connection "%": options may not contain %', connection.tenant_name, forbidden
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Address, user and password have columns of their own. Settings of the session at the '
                'source, such as search_path, have options of their own. Allowed options: '
                || array_to_string(keywords, ', ') || '; for the session: ' || array_to_string(ours, ', ')
                || '.';
    END IF;
    PERFORM _wh_internal.source_limits(connection.options);
    PERFORM _wh_internal.search_path_names(connection.options ->> 'search_path')
    WHERE connection.options ? 'search_path';
    BEGIN
        pooler := coalesce((connection.options ->> 'pooler')::boolean, false);
    EXCEPTION WHEN invalid_text_representation THEN
        RAISE EXCEPTION 'connection "%": pooler must be true or false, not %', connection.tenant_name,
            connection.options ->> 'pooler'
            USING ERRCODE = 'invalid_parameter_value';
    END;
    -- A source refuses a login with a setting that it does not know. These two came with PostgreSQL 14 and
    -- 17.
    SELECT string_agg(format('-c %s=%s', s.key, replace(replace(s.value, E'\\', E'\\\\'), ' ', E'\\ ')), ' '
        ORDER BY s.key) INTO session
    FROM jsonb_each_text(_wh_internal.source_settings(connection) - '{idle_session_timeout,'
        'transaction_timeout}'::text[]) s;
    -- hostaddr is empty, so that the address is the connection's, even if the server was started with
    -- PGHOSTADDR.
    RETURN jsonb_build_object('application_name', 'tenantry', 'connect_timeout', '10', 'hostaddr', '',
        'keepalives', '1',
            'keepalives_idle', '30', 'keepalives_interval', '10', 'keepalives_count', '3',
            'tcp_user_timeout', '60000', 'require_auth', 'scram-sha-256')
        || (connection.options - ours)
        || jsonb_build_object('host', connection.host, 'port', connection.port::text, 'dbname',
            connection.dbname,
            'options', CASE WHEN pooler THEN '' ELSE session END);
END
$$;
