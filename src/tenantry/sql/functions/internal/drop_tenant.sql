CREATE OR REPLACE FUNCTION _wh_internal.drop_tenant(schema_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Take a tenant out of the public views and drop its schema, in one transaction, so that no report fails. More slices
-- than fit into the lock table have to go first: then the schema stays for drop_tenant_slices and a second call of this.
BEGIN
    PERFORM _wh_internal.withdraw_tenant(drop_tenant.schema_name);
    IF (SELECT count(*) FROM pg_class c WHERE c.relkind = 'm' AND c.relnamespace = to_regnamespace(quote_ident(drop_tenant.schema_name))) <= 200 THEN
        PERFORM _wh_internal.execute_patiently(format('DROP SCHEMA IF EXISTS %I CASCADE', drop_tenant.schema_name));
    END IF;
END
$$;
