CREATE OR REPLACE FUNCTION _wh_internal.drop_tenant(schema_name text, with_connections boolean DEFAULT false)
    RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Take a tenant out of the public views and drop its schema, in one transaction, so that no report fails; on
-- request also its connections. If it has more slices than fit into the lock table, they have to go first:
-- then the schema stays for drop_tenant_slices and a second call of this function.
DECLARE
    connections text[] := ARRAY(SELECT c FROM _wh_internal.own_connections(drop_tenant.schema_name) c);
BEGIN
    PERFORM _wh_internal.withdraw_tenant(drop_tenant.schema_name);
    IF with_connections THEN
        DELETE FROM _wh.tenant_connections c WHERE c.tenant_name = ANY (connections);
    END IF;
    IF (SELECT count(*) FROM pg_class c
        WHERE c.relkind = 'm'
        AND c.relnamespace = to_regnamespace(quote_ident(drop_tenant.schema_name))) <= 200 THEN
        PERFORM _wh_internal.execute_patiently(format('DROP SCHEMA IF EXISTS %I CASCADE',
            drop_tenant.schema_name));
        DELETE FROM _wh.tenants t WHERE t.schema_name = drop_tenant.schema_name;
    END IF;
END
$$;
