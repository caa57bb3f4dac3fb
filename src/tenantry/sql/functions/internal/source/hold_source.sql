CREATE OR REPLACE FUNCTION _wh_internal.hold_source(tenant_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Open one connection to the source and keep it for the following loads of this session. dblink and
-- source_login look for a connection of this name first, so every further slice saves a login.
DECLARE
    server text := _wh_internal.known_server(tenant_name);
    detail text;
    hint text;
    context text;
BEGIN
    PERFORM _wh_internal.release_source(tenant_name);
    BEGIN
        -- The statement itself builds the string with the password, so neither its text nor its parameters
        -- contain it.
        EXECUTE format('SELECT %I.dblink_connect(%L, _wh_internal.source_login(%L))',
            _wh_internal.dblink_schema(), server, server);
        EXECUTE format('SELECT count(*) FROM %I.dblink(%L, %L) AS t(setting text)',
            _wh_internal.dblink_schema(), server,
            _wh_internal.source_settle());
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT;
        -- The messages of PgBouncer and of the RDS proxy, which exist in English only.
        IF SQLSTATE = '08001' AND detail ~ 'unsupported startup parameter|command-line options' THEN
            hint := format(
                'A pooler answers there and accepts no settings at the login. Set --option pooler=true with '
                'tenantry tenant add or edit, or in SQL: UPDATE _wh.tenant_connections SET options = options '
                '|| ''{"pooler": true}'' WHERE tenant_name = %L', tenant_name);
            PERFORM _wh_internal.raise_words(SQLSTATE, _wh_internal.visible(SQLERRM),
                _wh_internal.visible(detail), hint);
        END IF;
        PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
        RAISE;
    END;
END
$$;
