CREATE OR REPLACE FUNCTION _wh_internal.own_connections(schema_name text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The connections that only this tenant uses.
    WITH uses AS (
        SELECT t.schema_name, t.tenant_name FROM _wh.tenants t
        UNION SELECT f.schema_name, f.tenant_name FROM _wh.feeds f
    )
    SELECT c.tenant_name FROM _wh.tenant_connections c JOIN uses u USING (tenant_name)
    GROUP BY c.tenant_name HAVING bool_and(u.schema_name = own_connections.schema_name) ORDER BY 1
$$;
