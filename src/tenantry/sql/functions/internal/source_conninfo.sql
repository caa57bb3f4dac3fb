CREATE OR REPLACE FUNCTION _wh_internal.source_conninfo(tenant_name text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The libpq keywords of a source, with its password: for the loader, which connects to the source itself. PostgreSQL
    -- shows the mapping's secret to the owner of the server (whadmin) alone.
    SELECT coalesce(jsonb_object_agg(o.option_name, o.option_value), '{}')
    FROM pg_user_mappings m
    JOIN pg_foreign_server s ON s.oid = m.srvid
    CROSS JOIN LATERAL (SELECT * FROM pg_options_to_table(s.srvoptions) UNION ALL SELECT * FROM pg_options_to_table(m.umoptions)) o
    WHERE s.srvname = _wh_internal.server_name(tenant_name) AND m.umuser = 0
$$;
