-- Take the adoption back, until it is finished: the warehouse by hand as it was, with its functions, tables, views, rights
-- and jobs. One transaction; run it as the administrator who adopted. Reports wait for it.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Rights as they were. NULL is what PostgreSQL gives by itself.
CREATE FUNCTION pg_temp.tenantry_rights(subject text, now aclitem[], was aclitem[], kind "char", owner oid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('REVOKE ALL ON %s FROM %s', subject, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
        FROM aclexplode(now) x GROUP BY x.grantee
        UNION ALL
        SELECT format('GRANT %s ON %s TO %s%s', x.privilege_type, subject,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
            CASE WHEN x.is_grantable AND x.grantee <> owner THEN ' WITH GRANT OPTION' END)
        FROM aclexplode(coalesce(was, acldefault(kind, owner))) x
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.tenantry_comment(schema_name text, relname text, column_name text, comment text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF column_name IS NULL THEN
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schema_name, relname, comment);
    ELSE
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema_name, relname, column_name, comment);
    END IF;
END
$$;

DO $$
DECLARE
    item record;
    strange text;
BEGIN
    IF to_regnamespace('_wh_adopt') IS NULL OR to_regnamespace('_wh_manual') IS NULL THEN
        RAISE EXCEPTION 'there is no adoption to take back' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'It was finished, or never begun.';
    END IF;
    -- Views made since then read what is about to go.
    WITH RECURSIVE readers AS (
        SELECT c.oid FROM pg_class c WHERE c.relnamespace = to_regnamespace('_wh_data')
            OR c.oid IN (SELECT o.relid FROM _wh_adopt.objects o)
        UNION
        SELECT r.ev_class FROM readers s
        JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> s.oid
    )
    SELECT string_agg(format('%s of %s', c.oid::regclass, c.relowner::regrole), ', ') INTO strange
    FROM readers r JOIN pg_class c ON c.oid = r.oid AND c.relkind IN ('v', 'm')
    WHERE c.relowner <> 'whadmin'::regrole AND c.oid NOT IN (SELECT v.relid FROM _wh_adopt.views v)
        AND c.oid NOT IN (SELECT o.relid FROM _wh_adopt.objects o);
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'views that were made since the adoption read the warehouse: %', strange
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop them, run this again, then make them again.';
    END IF;
    IF to_regclass('cron.job') IS NOT NULL THEN
        UPDATE cron.job j SET active = false FROM _wh_adopt.jobs o WHERE o.jobid = j.jobid;
    END IF;

    -- Views of today go, with what reads them; they are made again below.
    FOR item IN
        SELECT c.oid FROM pg_class c
        WHERE c.relkind = 'v' AND (c.oid IN (SELECT v.relid FROM _wh_adopt.views v)
            OR c.relowner = 'whadmin'::regrole AND c.relnamespace IN (SELECT s.nspoid FROM _wh_adopt.schemas s)
                AND EXISTS (SELECT FROM _wh_adopt.objects o
                    WHERE o.kind = 'year' AND o.relname = c.relname))
    LOOP
        IF EXISTS (SELECT FROM pg_class c WHERE c.oid = item.oid) THEN
            EXECUTE format('DROP VIEW %s CASCADE', item.oid::regclass);
        END IF;
    END LOOP;

    -- Yearly tables go back to their schemas, under their names.
    FOR item IN
        SELECT o.*, c.oid::regclass AS now, c.relname AS present FROM _wh_adopt.objects o JOIN pg_class c ON c.oid = o.relid
        WHERE o.kind = 'year' AND c.relnamespace = to_regnamespace('_wh_data')
    LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA %I', item.now, item.schema_name);
        EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', item.schema_name, item.present, item.relname);
    END LOOP;
    FOR item IN
        SELECT i.*, c.oid::regclass AS now FROM _wh_adopt.indexes i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relname <> i.relname
    LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', item.now, item.relname);
    END LOOP;

    -- Owners, then rights.
    FOR item IN
        SELECT o.*, CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS what
        FROM _wh_adopt.objects o JOIN pg_class c ON c.oid = o.relid AND c.relkind IN ('m', 'r')
        WHERE c.relowner <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = o.owner)
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', item.what, item.relid::regclass, item.owner);
    END LOOP;
    FOR item IN SELECT s.* FROM _wh_adopt.schemas s JOIN pg_namespace n ON n.oid = s.nspoid
        WHERE n.nspowner <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = s.owner) AND s.schema_name <> '_wh'
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO %I', item.schema_name, item.owner);
    END LOOP;
    PERFORM pg_temp.tenantry_rights('TABLE ' || o.relid::regclass, c.relacl, o.acl, 'r', c.relowner)
        FROM _wh_adopt.objects o JOIN pg_class c ON c.oid = o.relid
        WHERE c.relkind IN ('m', 'r') AND c.relacl IS DISTINCT FROM o.acl;

    FOR item IN SELECT * FROM _wh_adopt.views v ORDER BY v.depth, v.relid LOOP
        EXECUTE format('CREATE VIEW %I.%I%s AS %s', item.schema_name, item.relname,
            ' WITH (' || array_to_string(item.reloptions, ', ') || ')', item.definition);
        EXECUTE format('ALTER VIEW %I.%I OWNER TO %I', item.schema_name, item.relname, item.owner);
        PERFORM pg_temp.tenantry_rights(format('TABLE %I.%I', item.schema_name, item.relname), c.relacl, item.acl, 'r', c.relowner)
            FROM pg_class c WHERE c.oid = format('%I.%I', item.schema_name, item.relname)::regclass;
        PERFORM pg_temp.tenantry_comment(item.schema_name, item.relname, x.value ->> 0, x.value ->> 1)
            FROM jsonb_array_elements(item.comments) x;
    END LOOP;
END
$$;

-- Tenantry's own schemas and servers.
DO $$
DECLARE
    item record;
BEGIN
    IF to_regclass('_wh_adopt.moved') IS NOT NULL THEN
        FOR item IN SELECT m.*, p.oid::regprocedure::text AS name FROM _wh_adopt.moved m JOIN pg_proc p ON p.oid = m.funcid LOOP
            EXECUTE format('ALTER ROUTINE %s SET SCHEMA _wh_manual', item.name);
            EXECUTE format('ALTER ROUTINE %s OWNER TO %I', item.funcid::regprocedure, item.owner);
            PERFORM pg_temp.tenantry_rights('ROUTINE ' || item.funcid::regprocedure, p.proacl, item.acl, 'f', p.proowner)
                FROM pg_proc p WHERE p.oid = item.funcid;
        END LOOP;
    END IF;
    FOR item IN SELECT s.server_name FROM _wh.source_servers s JOIN pg_foreign_server f ON f.srvname = s.server_name LOOP
        EXECUTE format('DROP SERVER %I CASCADE', item.server_name);
    END LOOP;
    DROP SCHEMA _wh, _wh_internal, _wh_data CASCADE;
    DROP SCHEMA IF EXISTS _wh_audit CASCADE;
    IF NOT EXISTS (SELECT FROM _wh_adopt.schemas s WHERE s.schema_name = 'cron')
        AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
        DROP SCHEMA IF EXISTS cron CASCADE;
    END IF;
    -- Jobs that somebody else has made since then keep it.
    IF EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron'
            AND e.extname NOT IN (SELECT x.extname FROM _wh_adopt.extensions x))
        AND NOT EXISTS (SELECT FROM cron.job) THEN
        DROP EXTENSION pg_cron CASCADE;
    END IF;
    -- What the administrator granted for Tenantry alone.
    REVOKE USAGE ON SCHEMA _wh_manual FROM whadmin;
    REVOKE ALL ON _wh_manual.tenant_connections, _wh_manual.mv_templates FROM whadmin;
    ALTER SCHEMA _wh_manual RENAME TO _wh;
    PERFORM pg_temp.tenantry_rights('SCHEMA ' || s.nspoid::regnamespace, n.nspacl, s.acl, 'n', n.nspowner)
        FROM _wh_adopt.schemas s JOIN pg_namespace n ON n.oid = s.nspoid WHERE n.nspacl IS DISTINCT FROM s.acl;
    PERFORM pg_temp.tenantry_rights('TABLE ' || t.relid::regclass, c.relacl, t.acl, 'r', c.relowner)
        FROM _wh_adopt.tables t JOIN pg_class c ON c.oid = t.relid WHERE c.relacl IS DISTINCT FROM t.acl;
    PERFORM pg_temp.tenantry_rights('DATABASE ' || quote_ident(current_database()), d.datacl, w.acl, 'd', d.datdba)
        FROM _wh_adopt.database w, pg_database d WHERE d.datname = current_database() AND d.datacl IS DISTINCT FROM w.acl;
    PERFORM pg_temp.tenantry_rights('FUNCTION ' || f.funcid::regprocedure, p.proacl, f.acl, 'f', p.proowner)
        FROM _wh_adopt.functions f JOIN pg_proc p ON p.oid = f.funcid
        WHERE p.proacl IS DISTINCT FROM f.acl AND pg_has_role(p.proowner, 'USAGE');
    FOR item IN
        SELECT d.defaclrole::regrole AS role, d.defaclnamespace AS nsp, x.grantee, x.privilege_type AS privilege
        FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) x
        WHERE d.defaclrole = 'whadmin'::regrole AND d.defaclobjtype = 'r' AND d.defaclnamespace <> 0
            AND NOT EXISTS (SELECT FROM _wh_adopt.default_rights w WHERE w.defaclrole = d.defaclrole
                AND w.defaclnamespace = d.defaclnamespace AND w.defaclobjtype = d.defaclobjtype)
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s REVOKE %s ON TABLES FROM %s', item.role,
            item.nsp::regnamespace, item.privilege, item.grantee::regrole);
    END LOOP;
    IF NOT EXISTS (SELECT FROM _wh_adopt.default_rights w WHERE w.defaclrole = 'whadmin'::regrole
        AND w.defaclnamespace = 0 AND w.defaclobjtype = 'f') THEN
        ALTER DEFAULT PRIVILEGES FOR ROLE whadmin GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
    END IF;
    PERFORM pg_temp.tenantry_rights('FOREIGN DATA WRAPPER dblink_fdw', f.fdwacl, w.fdwacl, 'F', f.fdwowner)
        FROM _wh_adopt.wrapper w JOIN pg_foreign_data_wrapper f ON f.fdwname = 'dblink_fdw'
        WHERE f.fdwacl IS DISTINCT FROM w.fdwacl AND pg_has_role(f.fdwowner, 'USAGE');
    FOR item IN SELECT * FROM _wh_adopt.roles LOOP
        EXECUTE format('ALTER ROLE %I %s %s', item.rolname, CASE WHEN item.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
            CASE WHEN item.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END);
        IF item.setconfig IS NULL THEN
            EXECUTE format('ALTER ROLE %I RESET ALL', item.rolname);
        END IF;
    END LOOP;
    IF to_regclass('cron.job') IS NOT NULL THEN
        UPDATE cron.job j SET active = true FROM _wh_adopt.jobs o WHERE o.jobid = j.jobid AND o.active;
    END IF;
    DROP SCHEMA _wh_adopt CASCADE;
END
$$;
