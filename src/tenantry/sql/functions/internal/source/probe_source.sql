CREATE OR REPLACE FUNCTION _wh_internal.probe_source(tenant_name text, patience integer DEFAULT 10,
    OUT server_version text, OUT database text, OUT time_zone text, OUT read_only boolean,
    OUT latency float8, OUT settings integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Log in to a source, begin a transaction as a load would, which reads the settings back, and ask which
-- server answers. Latency is in seconds. begin_source raises an error if a setting differs, so the settings
-- counted here are all as wanted. If a source accepts the login and then does not answer, give up after
-- `patience` seconds. The wait does not happen inside libpq, because older servers cannot be interrupted
-- there.
DECLARE
    started timestamptz := clock_timestamp();
    server text := _wh_internal.server_name(tenant_name);
    dblink text := quote_ident(_wh_internal.dblink_schema());
    sslmode text := (SELECT c.options ->> 'sslmode' FROM _wh.tenant_connections c
        WHERE c.tenant_name = probe_source.tenant_name);
    names text := (SELECT array_agg(s) FROM _wh.tenant_connections c CROSS JOIN LATERAL jsonb_object_keys(
            _wh_internal.source_settings(c) - 'tenantry.session'
            || '{"client_encoding": "", "transaction_isolation": "", "transaction_read_only": ""}') s
        WHERE c.tenant_name = probe_source.tenant_name)::text;
    -- The role's own schema may be absent, and the schema of temporary tables always is.
    path text[] := ARRAY(SELECT n FROM _wh.tenant_connections c
        CROSS JOIN LATERAL unnest(_wh_internal.search_path_names(c.options ->> 'search_path')) n
        WHERE c.tenant_name = probe_source.tenant_name AND c.options ? 'search_path'
            AND n NOT IN ('$user', 'pg_temp'));
    absent text;
    busy boolean;
    detail text;
    hint text;
    context text;
BEGIN
    IF sslmode IN ('require', 'verify-ca', 'verify-full') AND current_setting('ssl_library') = '' THEN
        RAISE EXCEPTION 'connection "%" requires sslmode=%, but the warehouse''s server was built without '
            'TLS', tenant_name, sslmode
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Use a PostgreSQL server with TLS for the warehouse, or reach the source through a '
                'tunnel.';
    END IF;
    PERFORM _wh_internal.hold_source(tenant_name);
    PERFORM _wh_internal.begin_source(tenant_name);
    EXECUTE format('SELECT %s.dblink_send_query(%L, %L)', dblink, server, format(
        'SELECT current_setting(''server_version''), current_database(), current_setting(''TimeZone''), '
        'current_setting(''transaction_read_only'')::boolean, (SELECT count(current_setting(n, true)) FROM '
            'unnest(%L::text[]) n), '
        '(SELECT string_agg(p, '', '') FROM unnest(%L::text[]) p WHERE p <> ALL (current_schemas(false)))',
        names, path));
    LOOP
        EXECUTE format('SELECT %s.dblink_is_busy(%L) <> 0', dblink, server) INTO busy;
        EXIT WHEN NOT busy;
        IF clock_timestamp() > started + make_interval(secs => patience) THEN
            PERFORM _wh_internal.release_source(tenant_name);
            RAISE EXCEPTION 'does not answer within % seconds', patience USING ERRCODE = 'query_canceled';
        END IF;
        PERFORM pg_sleep(0.002);
    END LOOP;
    EXECUTE format('SELECT * FROM %s.dblink_get_result(%L) AS t(v text, d text, z text, r boolean, s '
        'integer, a text)', dblink, server)
    INTO server_version, database, time_zone, read_only, settings, absent;
    PERFORM _wh_internal.release_source(tenant_name);
    IF absent IS NOT NULL THEN
        RAISE EXCEPTION 'its search_path names schemas that do not exist there, or that its user may not '
            'use: %', absent
            USING ERRCODE = 'invalid_schema_name',
                HINT = 'Correct the names (--search-path), or GRANT USAGE ON SCHEMA … at the source.';
    END IF;
    latency := extract(epoch FROM clock_timestamp() - started);
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
