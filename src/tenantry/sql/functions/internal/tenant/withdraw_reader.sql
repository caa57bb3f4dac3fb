CREATE OR REPLACE FUNCTION _wh_internal.withdraw_reader(reader text, schema_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Revoke from a role what grant_readers granted it in an existing schema. The caller keeps other sessions
-- from registering the tenant.
DECLARE
    relation regclass;
BEGIN
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE SELECT ON TABLES FROM %I',
        withdraw_reader.schema_name, reader);
    FOR relation IN SELECT c.oid FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.relnamespace = to_regnamespace(quote_ident(withdraw_reader.schema_name))
        AND x.grantee = to_regrole(quote_ident(reader)) LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', relation, reader);
    END LOOP;
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', withdraw_reader.schema_name, reader);
END
$$;
