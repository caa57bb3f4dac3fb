CREATE OR REPLACE FUNCTION _wh_internal.own_server(tenant_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The foreign server of a connection: the one on record; otherwise one that outlived the records, under its
-- present name or the name that older versions gave it; otherwise a new, unused name. A server that another
-- role has made under that name is left alone.
DECLARE
    name text := _wh_internal.server_name(tenant_name);
BEGIN
    IF name IS NULL THEN
        SELECT c.name INTO name
            FROM (VALUES (1, 'wh_' || tenant_name),
            (2, 'wh_' || left(encode(sha256(convert_to(tenant_name, 'UTF8')), 'hex'), 24))) c (n, name)
        LEFT JOIN pg_foreign_server s ON s.srvname = c.name
        WHERE octet_length(c.name) <= 63 AND (s.srvowner = 'whadmin'::regrole OR s.oid IS NULL AND c.n = 2)
            AND NOT EXISTS (SELECT FROM _wh.source_servers o WHERE o.server_name = c.name)
        ORDER BY c.n LIMIT 1;
        IF FOUND THEN
            INSERT INTO _wh.source_servers (tenant_name, server_name) VALUES (own_server.tenant_name, name);
        END IF;
    END IF;
    WHILE name IS NULL
        OR EXISTS (SELECT FROM pg_foreign_server s
        WHERE s.srvname = name AND s.srvowner <> 'whadmin'::regrole) LOOP
        name := 'wh_' || left(replace(gen_random_uuid()::text, '-', ''), 24);
        INSERT INTO _wh.source_servers AS s (tenant_name, server_name) VALUES (own_server.tenant_name, name)
        ON CONFLICT ON CONSTRAINT source_servers_pkey DO UPDATE SET server_name = excluded.server_name;
    END LOOP;
    RETURN name;
END
$$;
