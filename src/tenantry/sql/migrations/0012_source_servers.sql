-- The foreign server of each connection is on record, since a name that is made from another one can be cut to a third one's.
-- Servers that are there keep their names, by which materialized views know them. Where two connections had one between them, it stays
-- with the one whose whole name is in it; the other gets one of its own, without a password.
CREATE TABLE _wh.source_servers (
    tenant_name text PRIMARY KEY,
    server_name text NOT NULL UNIQUE
);
COMMENT ON TABLE _wh.source_servers IS
    'The foreign server of each connection, which says nothing of whose it is; stays when a connection is deleted, for when it comes back';
DO $$
DECLARE
    connection record;
    former text;
    size integer;
BEGIN
    FOR connection IN SELECT c.tenant_name FROM _wh.tenant_connections c ORDER BY pg_catalog.octet_length(c.tenant_name), c.tenant_name LOOP
        former := 'wh_' || connection.tenant_name;
        IF pg_catalog.octet_length(former) > 63 THEN
            size := 54;
            WHILE pg_catalog.octet_length(pg_catalog.left(former, size)) > 54 LOOP
                size := size - 1;
            END LOOP;
            former := pg_catalog.left(former, size) || '_' || pg_catalog.left(pg_catalog.md5(former), 8);
        END IF;
        INSERT INTO _wh.source_servers (tenant_name, server_name) VALUES (connection.tenant_name, former) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- From now on a source gets its password by SCRAM alone, unless the connection says otherwise: those that are there do.
ALTER TABLE _wh.tenant_connections DISABLE TRIGGER USER;
UPDATE _wh.tenant_connections SET options = '{"require_auth": "scram-sha-256,md5,password"}'::jsonb || options;
ALTER TABLE _wh.tenant_connections ENABLE TRIGGER USER;
COMMENT ON COLUMN _wh.tenant_connections.options IS
    'Further libpq keywords of a list, such as {"sslmode": "require"}, and settings and limits of the session on the source';
