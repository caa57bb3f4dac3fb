CREATE OR REPLACE FUNCTION _wh_internal.source_conninfo(tenant_name text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The libpq keywords of a source, with user and password. Those two are in the mapping of its server,
    -- which PostgreSQL shows only to the server's owner (whadmin). The address is in no catalog that others
    -- can read.
    SELECT coalesce((SELECT _wh_internal.server_options(c) FROM _wh.tenant_connections c
        WHERE c.tenant_name = source_conninfo.tenant_name), '{}')
        || coalesce((SELECT jsonb_object_agg(o.option_name, o.option_value)
            FROM pg_user_mappings m CROSS JOIN LATERAL pg_options_to_table(m.umoptions) o
            WHERE m.srvname = _wh_internal.server_name(source_conninfo.tenant_name) AND m.umuser = 0), '{}')
$$;
