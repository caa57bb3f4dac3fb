CREATE OR REPLACE FUNCTION _wh_internal.own_server(tenant_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The foreign server of a connection, or a name for it that nobody has. A server that somebody else made under the name of ours,
-- while the connection was deleted, is left to him.
DECLARE
    name text := _wh_internal.server_name(tenant_name);
BEGIN
    WHILE name IS NULL OR EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = name AND s.srvowner <> 'whadmin'::regrole) LOOP
        name := 'wh_' || left(replace(gen_random_uuid()::text, '-', ''), 12);
        INSERT INTO _wh.source_servers AS s (tenant_name, server_name) VALUES (own_server.tenant_name, name)
        ON CONFLICT ON CONSTRAINT source_servers_pkey DO UPDATE SET server_name = excluded.server_name;
    END LOOP;
    RETURN name;
END
$$;
