CREATE OR REPLACE FUNCTION _wh_internal.source_login(server_name text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
-- What dblink gets to reach a source: the login of that name that this session keeps, or otherwise the full
-- connection string with the password. It is called at each refresh, so definitions, which everybody can
-- read, hold neither address nor password. Materialized views depend on this very function, so an upgrade
-- does not drop it.
DECLARE
    connection text := (SELECT s.tenant_name FROM _wh.source_servers s
        WHERE s.server_name = source_login.server_name);
    keywords jsonb;
BEGIN
    IF _wh_internal.holds_source(connection) THEN
        RETURN server_name;
    END IF;
    PERFORM _wh_internal.known_server(connection);
    keywords := _wh_internal.source_conninfo(connection);
    IF coalesce(keywords ->> 'password', '') = '' THEN
        RAISE EXCEPTION 'connection "%" has no password', connection USING ERRCODE = 'invalid_password',
            HINT = 'Store the source''s password: tenantry tenant edit TENANT --password, or UPDATE '
            '_wh.tenant_connections SET password = ….';
    ELSIF NOT _wh_internal.libpq_knows('require_auth') THEN
        keywords := keywords - 'require_auth';
    END IF;
    RETURN (SELECT string_agg(format(E'%s=\'%s\'', k.key,
        replace(replace(k.value, E'\\', E'\\\\'), E'\'', E'\\\'')), ' ' ORDER BY k.key)
        FROM jsonb_each_text(keywords) k);
END
$$;
