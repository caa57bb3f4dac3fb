-- What the warehouse's database needs before Tenantry's own objects: extension, schemas and the rights on
-- them. The administrator runs this in the database itself. Every statement can be repeated.
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA public;

DO $$
-- An administrator who is not a superuser may lack the right to grant what whadmin already has: on RDS, the
-- extension belongs to another role. So a refused GRANT does not matter; what whadmin has in the end does.
DECLARE
    here text := pg_catalog.current_database();
    home text := (SELECT n.nspname FROM pg_catalog.pg_extension e
                  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink');
    routine regprocedure;
    owner text;
    owned boolean;
    open integer := 0;
    grants text[];
    wanted text;
    missing text;
BEGIN
    grants := ARRAY[
        pg_catalog.format('CONNECT, CREATE, TEMPORARY ON DATABASE %I TO whadmin', here),
        pg_catalog.format('CONNECT ON DATABASE %I TO phood_ro', here),
        pg_catalog.format('USAGE ON SCHEMA %I TO whadmin', home),
        'USAGE, CREATE ON SCHEMA public TO whadmin',
        'USAGE ON SCHEMA public TO phood_ro'];
    IF NOT pg_catalog.has_foreign_data_wrapper_privilege('whadmin', 'dblink_fdw', 'USAGE') THEN
        grants := grants || 'USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO whadmin'::text;
    END IF;

    -- dblink opens connections from the server, and only the warehouse's own role needs that.
    FOR routine, owner, owned IN
        SELECT p.oid::regprocedure, pg_catalog.pg_get_userbyid(p.proowner),
        pg_catalog.pg_has_role(p.proowner, 'USAGE')
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
            AND d.refclassid = 'pg_catalog.pg_extension'::regclass
        JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND d.classid = 'pg_catalog.pg_proc'::regclass
        WHERE e.extname = 'dblink' AND d.deptype = 'e'
            -- The "_u" variants skip the password check; PostgreSQL grants them only to superusers.
            AND p.proname !~ '_u$'
        ORDER BY 1
    LOOP
        IF owned THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
        ELSIF pg_catalog.has_function_privilege('public', routine, 'EXECUTE') THEN
            open := open + 1;
        END IF;
        IF NOT pg_catalog.has_function_privilege('whadmin', routine, 'EXECUTE') THEN
            grants := grants || pg_catalog.format('EXECUTE ON FUNCTION %s TO whadmin', routine);
        END IF;
    END LOOP;
    IF open > 0 THEN
        RAISE NOTICE 'PUBLIC may execute % functions of dblink, which belong to role "%"', open, owner
            USING HINT = 'Ask that role to REVOKE it FROM PUBLIC and GRANT it TO whadmin.';
    END IF;

    -- These keep a source's password out of the log and of pg_stat_statements while it is stored. Neither
    -- hides who did what.
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) THEN
        GRANT SET ON PARAMETER log_parameter_max_length, pg_stat_statements.track_utility TO whadmin;
    END IF;

    -- Anyone who may take advisory locks can take Tenantry's and make loads and jobs wait. PostgreSQL lets
    -- everybody take them; a superuser can revoke that. Elsewhere, as on RDS, nobody waits for such a
    -- session; an error names it instead.
    FOR routine IN SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock'
        AND pg_catalog.pg_has_role(p.proowner, 'USAGE')
    LOOP
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO whadmin', routine);
    END LOOP;

    -- PostgreSQL 15 and later revoke this by default, but not in a database that comes from an older version.
    -- A role that may create functions in public could make whadmin run them: functions that operators write
    -- are called with public in their path.
    IF pg_catalog.has_schema_privilege('public', 'public', 'CREATE') THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;

    FOREACH wanted IN ARRAY grants LOOP
        BEGIN
            EXECUTE 'GRANT ' || wanted;
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
    SELECT pg_catalog.string_agg(r.wanted, '; ') INTO missing
    FROM (VALUES
        (pg_catalog.format('CREATE, TEMPORARY ON DATABASE %I', here),
        pg_catalog.has_database_privilege('whadmin', here, 'CREATE')
            AND pg_catalog.has_database_privilege('whadmin', here, 'TEMPORARY')),
        ('CREATE ON SCHEMA public', pg_catalog.has_schema_privilege('whadmin', 'public', 'CREATE')),
        ('USAGE ON FOREIGN DATA WRAPPER dblink_fdw',
            pg_catalog.has_foreign_data_wrapper_privilege('whadmin', 'dblink_fdw', 'USAGE')),
        (pg_catalog.format('EXECUTE ON ALL FUNCTIONS IN SCHEMA %I', home),
            pg_catalog.has_function_privilege('whadmin',
            pg_catalog.format('%I.dblink(text, text)', home), 'EXECUTE'))
    ) r(wanted, has) WHERE NOT r.has;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'role "%" may not grant whadmin what it needs: %', current_user, missing
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Ask the owner to grant these to whadmin, then run this again.';
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS _wh AUTHORIZATION whadmin;
CREATE SCHEMA IF NOT EXISTS _wh_internal AUTHORIZATION whadmin;
COMMENT ON SCHEMA _wh IS 'Tenantry: connections, templates, slices, logs, and the functions that operators '
    'call';
COMMENT ON SCHEMA _wh_internal IS 'Tenantry: parts of the functions in _wh; not for calling by hand';
