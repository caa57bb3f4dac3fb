CREATE OR REPLACE FUNCTION _wh_internal.grant_readers(schema_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let the readers of a tenant read what is in its schema now and later: what phood_ro can read there,
-- because only that is meant for reports. The caller keeps other sessions from registering the tenant: two
-- ALTER DEFAULT PRIVILEGES of one schema at once fail.
DECLARE
    reader text;
    relation regclass;
    owned boolean;
BEGIN
    SELECT pg_has_role(n.nspowner, 'USAGE') INTO owned FROM pg_namespace n
        WHERE n.nspname = grant_readers.schema_name;
    FOR reader IN SELECT r.reader_name FROM _wh.readers r JOIN pg_roles p ON p.rolname = r.reader_name
        WHERE grant_readers.schema_name = ANY (r.tenants)
            -- Readers of an earlier tenant with that name do not read the new one.
            AND EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = grant_readers.schema_name
                AND t.dropping_at IS NULL)
        ORDER BY r.reader_name
    LOOP
        IF owned THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', grant_readers.schema_name, reader);
        ELSIF NOT has_schema_privilege(reader, grant_readers.schema_name, 'USAGE') THEN
            PERFORM _wh_internal.write_log('grant_readers', 'WARNING',
                format('reader "%s" cannot read %s: its schema is not whadmin''s; '
                'as its owner: GRANT USAGE ON SCHEMA %2$I TO %1$I', reader, grant_readers.schema_name),
                    jsonb_build_object('schema_name', grant_readers.schema_name));
        END IF;
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
            grant_readers.schema_name, reader);
        FOR relation IN SELECT c.oid FROM pg_class c
            WHERE c.relnamespace = to_regnamespace(quote_ident(grant_readers.schema_name))
            AND c.relkind IN ('r', 'p', 'v', 'm')
                AND pg_has_role(c.relowner, 'USAGE') AND has_table_privilege('phood_ro', c.oid, 'SELECT')
        LOOP
            EXECUTE format('GRANT SELECT ON %s TO %I', relation, reader);
        END LOOP;
    END LOOP;
END
$$;
