-- What the warehouse's database needs before Tenantry's own objects: extension, schemas and the rights on them.
-- Run by the administrator, in the database itself. Every statement may be repeated.
CREATE EXTENSION IF NOT EXISTS dblink;

DO $$
DECLARE
    home text := (SELECT n.nspname FROM pg_catalog.pg_extension e
                  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink');
    routine regprocedure;
BEGIN
    EXECUTE pg_catalog.format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO whadmin', pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO phood_ro', pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO whadmin', home);
    GRANT USAGE, CREATE ON SCHEMA public TO whadmin;
    GRANT USAGE ON SCHEMA public TO phood_ro;
    GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO whadmin;

    -- dblink opens connections from the server: nobody but the warehouse's own role has a use for that.
    FOR routine IN
        SELECT d.objid::regprocedure FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::regclass
        WHERE e.extname = 'dblink' AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
            -- The "_u" variants skip the password check; PostgreSQL gives them to superusers alone.
            AND d.objid::regproc::text !~ '_u$'
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
            EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO whadmin', routine);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'the rights on % stay as they are: it belongs to another role', routine;
        END;
    END LOOP;
END
$$;

CREATE SCHEMA IF NOT EXISTS _wh AUTHORIZATION whadmin;
CREATE SCHEMA IF NOT EXISTS _wh_internal AUTHORIZATION whadmin;
COMMENT ON SCHEMA _wh IS 'Tenantry: connections, templates, slices, logs, and the functions that operators call';
COMMENT ON SCHEMA _wh_internal IS 'Tenantry: parts of the functions in _wh; not for calling by hand';
