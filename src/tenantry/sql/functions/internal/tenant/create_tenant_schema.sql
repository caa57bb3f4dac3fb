CREATE OR REPLACE FUNCTION _wh_internal.create_tenant_schema(schema_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Create a schema that whadmin owns, and let readers read what will be created in it; false if it exists
-- already.
DECLARE
    existed boolean
        := to_regnamespace(quote_ident(_wh_internal.require_name('tenant', schema_name))) IS NOT NULL;
BEGIN
    PERFORM _wh_internal.refuse_workspace(schema_name);
    IF NOT existed THEN
        -- Nothing returns of an earlier tenant with that name whose schema somebody dropped.
        PERFORM _wh_internal.drop_kept(f) FROM _wh.feeds f
        WHERE f.schema_name = create_tenant_schema.schema_name;
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION whadmin', schema_name);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO phood_ro', schema_name);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO phood_ro',
            schema_name);
        PERFORM _wh_internal.grant_readers(schema_name);
    END IF;
    RETURN NOT existed;
END
$$;
