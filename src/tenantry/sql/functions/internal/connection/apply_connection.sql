CREATE OR REPLACE FUNCTION _wh_internal.apply_connection(connection _wh.tenant_connections, secret text)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the user mapping of the foreign server match the row; a secret of NULL keeps the stored one. The
-- server itself holds no address, because everybody can read its options. If dblink gets the server's name
-- but there is no login of that name, it is led to a socket that does not exist.
--
-- PostgreSQL shows the text of a statement that fails or is ended, also in the server's log. So the statement
-- with the secret runs last, on its own, when there is nothing left to wait for: by then the mapping belongs
-- to this transaction, and its earlier look at the catalog keeps out any session that wants the mapping for
-- itself.
DECLARE
    server text := _wh_internal.own_server(connection.tenant_name);
    wanted CONSTANT jsonb := '{"host": "/call/_wh.refresh_mv"}'::jsonb;
    unknown text;
    current jsonb;
    changes text;
    hint text;
BEGIN
    PERFORM _wh_internal.server_options(connection), _wh_internal.hush();
    SELECT string_agg(o.key, ', ' ORDER BY o.key) INTO unknown FROM jsonb_object_keys(
        connection.options - _wh_internal.settable_settings() - '{pooler,deadline,max_bytes,max_row_bytes,'
        'require_auth}'::text[]) o (key)
    WHERE NOT _wh_internal.libpq_knows(o.key);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'this server''s libpq is too old for %', unknown
            USING ERRCODE = 'fdw_invalid_option_name';
    END IF;
    SELECT coalesce((SELECT jsonb_object_agg(o.option_name, o.option_value)
        FROM pg_options_to_table(s.srvoptions) o), '{}')
    INTO current FROM pg_foreign_server s WHERE s.srvname = server;
    IF NOT FOUND THEN
        EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER dblink_fdw', server);
        current := '{}';
    END IF;
    SELECT string_agg(CASE
        WHEN w.key IS NULL THEN format('DROP %I', c.key)
        WHEN c.key IS NULL THEN format('ADD %I %L', w.key, w.value)
        ELSE format('SET %I %L', w.key, w.value) END, ', ')
    INTO changes
    FROM jsonb_each_text(wanted) w FULL JOIN jsonb_each_text(current) c ON c.key = w.key
    WHERE c.value IS DISTINCT FROM w.value;
    IF changes IS NOT NULL THEN
        EXECUTE format('ALTER SERVER %I OPTIONS (%s)', server, changes);
    END IF;

    SELECT coalesce((SELECT jsonb_object_agg(o.option_name, true) FROM pg_options_to_table(m.umoptions) o),
        '{}')
    INTO current FROM pg_user_mappings m WHERE m.srvname = server AND m.umuser = 0;
    IF NOT FOUND THEN
        EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I', server);
        current := '{}';
    END IF;
    EXECUTE format('ALTER USER MAPPING FOR PUBLIC SERVER %I OPTIONS (%s "user" %L)', server,
        CASE WHEN current ? 'user' THEN 'SET' ELSE 'ADD' END, connection.username);
    IF secret IS NOT NULL THEN
        EXECUTE format('ALTER USER MAPPING FOR PUBLIC SERVER %I OPTIONS (%s password %L)', server,
            CASE WHEN current ? 'password' THEN 'SET' ELSE 'ADD' END, secret);
    END IF;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    -- Raised as a new error, because PostgreSQL would otherwise add the failed statement, with the secret, to
    -- the log. The hints of the checks on what was given hold none.
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RAISE EXCEPTION 'connection "%" cannot be stored: %', connection.tenant_name, SQLERRM
        USING ERRCODE = SQLSTATE, HINT = CASE SQLSTATE WHEN '22023' THEN hint ELSE '' END;
END
$$;
