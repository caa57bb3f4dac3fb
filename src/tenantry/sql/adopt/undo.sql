-- Take the adoption back, until it is finished: the warehouse by hand as it was, with its functions, tables, views, rights
-- and jobs. One transaction; run it as the administrator who adopted. Reports wait for it.
-- After replaced.sql.
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

-- Rights on what belongs to a role that the administrator cannot act as, as the extensions on RDS do: only what was given
-- since then goes.
CREATE FUNCTION pg_temp.tenantry_take_back(subject text, now aclitem[], was aclitem[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT x.privilege_type, x.grantee FROM (SELECT * FROM aclexplode(now) EXCEPT SELECT * FROM aclexplode(was)) x
        WHERE x.grantee <> 0 AND pg_has_role(x.grantor, 'USAGE')
    LOOP
        EXECUTE format('REVOKE %s ON %s FROM %s', item.privilege_type, subject, item.grantee::regrole);
    END LOOP;
END
$$;

-- What was kept, a line each: for the one who runs this.
CREATE TEMPORARY TABLE tenantry_kept (line text) ON COMMIT PRESERVE ROWS;

-- What goes at the end, when nothing of before reads it any longer.
CREATE TEMPORARY TABLE tenantry_gone (relid oid PRIMARY KEY) ON COMMIT DROP;

-- Drop views, with those of Tenantry's that read them; but nothing that somebody else made.
CREATE FUNCTION pg_temp.tenantry_drop(relations oid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    strange text;
    item record;
BEGIN
    WITH RECURSIVE readers AS (
        SELECT r AS oid FROM unnest(relations) r
        UNION
        SELECT r.ev_class FROM readers s
        JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> s.oid
    )
    SELECT string_agg(format('%s of %s', c.oid::regclass, c.relowner::regrole), ', ' ORDER BY c.relname) INTO strange
    FROM readers r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid <> ALL (relations) AND (c.relkind <> 'v' OR c.relowner <> 'whadmin'::regrole)
        AND NOT EXISTS (SELECT FROM _wh_adopt.views v WHERE v.schema_name = n.nspname AND v.relname = c.relname
            AND c.relkind = 'v');
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'what has to be made again is read by %', strange
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop them, run this again, then make them again.';
    END IF;
    FOR item IN SELECT r AS relid FROM unnest(relations) r LOOP
        IF EXISTS (SELECT FROM pg_class c WHERE c.oid = item.relid) THEN
            EXECUTE (SELECT format('DROP %s %s CASCADE', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
                c.oid::regclass) FROM pg_class c WHERE c.oid = item.relid);
        END IF;
    END LOOP;
END
$$;

-- Daily views that go with Tenantry's functions, because their definitions call them; not the copies that wait.
CREATE FUNCTION pg_temp.tenantry_loaded() RETURNS SETOF oid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT c.oid FROM pg_depend d
    JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace = to_regnamespace('_wh_internal')
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'm'
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_proc'::regclass AND c.relispopulated
        AND c.oid NOT IN (SELECT x.fresh FROM _wh_adopt.copies x) ORDER BY 1;
END
$$;

-- Make one of them again from its own rows, by a definition that needs nothing of Tenantry's: when it is refreshed, it asks
-- the same source, as the manual's own days do.
CREATE FUNCTION pg_temp.tenantry_keep(relation oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old record;
    was record;
    query text;
    columns text;
    statement text;
BEGIN
    SELECT c.oid, n.nspname, c.relname, c.relowner, c.relacl, pg_get_viewdef(c.oid) AS definition,
        (SELECT t.tenant_name FROM _wh.tenants t WHERE t.schema_name = n.nspname) AS connection INTO old
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
    SELECT * INTO was FROM _wh_adopt.objects o WHERE o.schema_name = old.nspname AND o.relname = old.relname;
    -- A day without a password has the query that the old functions wrote; a day that Tenantry has loaded gets the one that
    -- they would write.
    query := coalesce(
        (SELECT replace(CASE q.parts[1] WHEN 'E' THEN replace(q.parts[2], E'\\\\', E'\\') ELSE q.parts[2] END, '''''', '''')
        FROM regexp_match(old.definition,
            E'adopted_rows\\(E?''(?:[^'']|'''')*''::text, (E?)''((?:[^'']|'''')*)''::text') q (parts) WHERE q.parts IS NOT NULL),
        (SELECT replace(replace(m.query_template, '{TARGET_DATE}', translate(right(old.relname, 10), '_', '-')), '{SCHEMA}',
            old.nspname)
        FROM _wh_manual.mv_templates m WHERE old.relname = m.template_name || '_' || right(old.relname, 10)));
    SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum) INTO columns
    FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    IF to_regnamespace('_wh_kept') IS NULL THEN
        CREATE SCHEMA _wh_kept;
        GRANT USAGE ON SCHEMA _wh_kept TO whadmin;
        CREATE FUNCTION _wh_kept.day_rows(connection text, query text, columns text) RETURNS SETOF record
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            kept text := current_setting('tenantry.kept_in', true);
        BEGIN
            IF kept <> '' THEN
                RETURN QUERY EXECUTE format('SELECT * FROM %s', kept::regclass);
                RETURN;
            END IF;
            -- As a parameter, the password is in no message about a source that does not answer.
            RETURN QUERY EXECUTE format('SELECT * FROM %s.dblink($1, %L) AS t(%s)',
                (SELECT e.extnamespace::regnamespace FROM pg_extension e WHERE e.extname = 'dblink'), query, columns)
                USING (SELECT format('host=%s port=%s dbname=%s user=%s password=%s', c.host, c.port, c.dbname, c.username,
                    c.password) FROM _wh.tenant_connections c WHERE c.tenant_name = connection);
        END
        $function$;
    END IF;
    EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', old.nspname, old.relname, 'tenantry_old_' || old.oid);
    PERFORM set_config('tenantry.kept_in', relation::regclass::text, true);
    EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS SELECT * FROM _wh_kept.day_rows(%L, %L, %L) AS t(%s)', old.nspname,
        old.relname, old.connection, query, columns, columns);
    PERFORM set_config('tenantry.kept_in', '', true);
    FOR statement IN
        SELECT format('ALTER INDEX %s RENAME TO %I', i.indexrelid::regclass, 'tenantry_gone_' || i.indexrelid)
        FROM pg_index i WHERE i.indrelid = relation
        UNION ALL
        SELECT regexp_replace(pg_get_indexdef(i.indexrelid), ' ON .*? USING ',
            replace(format(' ON %I.%I USING ', old.nspname, old.relname), E'\\', E'\\\\'))
        FROM pg_index i WHERE i.indrelid = relation AND i.indisvalid
    LOOP
        EXECUTE statement;
    END LOOP;
    INSERT INTO pg_temp.tenantry_gone VALUES (relation);
    EXECUTE format('ALTER MATERIALIZED VIEW %I.%I OWNER TO %I', old.nspname, old.relname,
        coalesce(was.owner, pg_get_userbyid(old.relowner)));
    PERFORM pg_temp.tenantry_rights(format('TABLE %I.%I', old.nspname, old.relname), c.relacl,
        CASE WHEN was.relid IS NULL THEN old.relacl ELSE was.acl END, 'r', c.relowner)
    FROM pg_class c WHERE c.oid = format('%I.%I', old.nspname, old.relname)::regclass;
    INSERT INTO pg_temp.tenantry_kept VALUES (format('%I.%I: %s', old.nspname, old.relname, CASE
        WHEN was.relid IS NULL THEN 'loaded since the adoption; the old functions show it when they make its view again'
        ELSE 'has the rows of today' END));
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
    extra text;
    strange text;
BEGIN
    IF to_regnamespace('_wh_adopt') IS NULL OR to_regnamespace('_wh_manual') IS NULL THEN
        RAISE EXCEPTION 'there is no adoption to take back' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'It was finished, or never begun.';
    END IF;
    -- What is kept there is run with the administrator's rights.
    SELECT format('schema %s belongs to %s, not to %s', n.nspname, n.nspowner::regrole, current_user::regrole) INTO strange
    FROM pg_namespace n WHERE n.nspname IN ('_wh_adopt', '_wh_kept') AND n.nspowner <> current_user::regrole;
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION '%', strange USING ERRCODE = 'insufficient_privilege',
            HINT = 'Connect as the administrator who adopted.';
    END IF;
    -- Rows that no daily view holds any longer: the old functions could not go on with them.
    SELECT string_agg(format('%I.%I', o.schema_name, o.relname), ', ' ORDER BY o.schema_name, o.relname) INTO strange
    FROM _wh_adopt.objects o
    WHERE (o.kind = 'year' AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = o.relid))
        OR (o.kind IN ('day', 'odd') AND to_regclass(format('%I.%I', o.schema_name, o.relname)) IS NULL);
    strange := concat_ws(', ', strange, (SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) FROM pg_class c
        WHERE c.relnamespace = to_regnamespace('_wh_data') AND c.relkind IN ('r', 'p')
            AND c.oid NOT IN (SELECT o.relid FROM _wh_adopt.objects o)));
    IF strange <> '' THEN
        RAISE EXCEPTION 'days were folded, dropped or moved to another storage since the adoption: %', strange
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Move them back first: tenantry template set-storage, drop-old. A year that was folded stays so.';
    END IF;
    IF to_regclass('cron.job') IS NOT NULL THEN
        PERFORM _wh_adopt.set_job(o.jobid, false) FROM _wh_adopt.jobs o;
    END IF;

    -- Most views of before stay, and get their definitions back. Others have different columns now, or came with Tenantry.
    PERFORM pg_temp.tenantry_drop(coalesce((SELECT array_agg(c.oid) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN _wh_adopt.views v ON v.schema_name = n.nspname AND v.relname = c.relname
        WHERE c.relkind = 'v' AND CASE WHEN v.relid IS NULL
            THEN c.relowner = 'whadmin'::regrole AND n.oid IN (SELECT s.nspoid FROM _wh_adopt.schemas s)
                AND c.relname IN (SELECT o.template_name FROM _wh_adopt.objects o)
            ELSE v.columns <> (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END), '{}'));
    -- Views in the places of yearly tables make room.
    FOR item IN
        SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN _wh_adopt.objects o ON o.kind = 'year' AND o.schema_name = n.nspname AND o.relname = c.relname
        WHERE c.relkind = 'v' AND c.relowner = 'whadmin'::regrole
    LOOP
        EXECUTE format('ALTER VIEW %I.%I RENAME TO %I', item.nspname, item.relname, 'tenantry_gone_' || item.oid);
        INSERT INTO pg_temp.tenantry_gone VALUES (item.oid);
    END LOOP;

    -- Days that Tenantry has loaded since, or made without a password, keep their rows.
    PERFORM pg_temp.tenantry_keep(d.relid) FROM pg_temp.tenantry_loaded() d (relid);

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

    FOR item IN
        SELECT v.*, to_regclass(format('%I.%I', v.schema_name, v.relname)) IS NULL AS missing
        FROM _wh_adopt.views v ORDER BY v.depth, v.relid
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %I.%I%s AS %s', item.schema_name, item.relname,
            ' WITH (' || array_to_string(item.reloptions, ', ') || ')', item.definition);
        EXECUTE format('ALTER VIEW %I.%I OWNER TO %I', item.schema_name, item.relname, item.owner);
        PERFORM pg_temp.tenantry_rights(format('TABLE %I.%I', item.schema_name, item.relname), c.relacl, item.acl, 'r', c.relowner)
            FROM pg_class c WHERE c.oid = format('%I.%I', item.schema_name, item.relname)::regclass
                AND c.relacl IS DISTINCT FROM item.acl;
        PERFORM pg_temp.tenantry_comment(item.schema_name, item.relname, x.value ->> 0, x.value ->> 1)
            FROM jsonb_array_elements(item.comments) x;
        IF item.missing OR to_regclass(format('%I.%I', item.schema_name, item.relname)) <> item.relid THEN
            FOREACH extra IN ARRAY item.extras LOOP
                EXECUTE extra;
            END LOOP;
        END IF;
    END LOOP;
    PERFORM pg_temp.tenantry_drop(coalesce((SELECT array_agg(g.relid) FROM pg_temp.tenantry_gone g), '{}'));
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
    IF to_regclass('_wh.source_servers') IS NOT NULL AND to_regclass('_wh.feeds') IS NOT NULL THEN
        INSERT INTO pg_temp.tenantry_kept
        SELECT format('connection %s: added since the adoption, and gone', c.tenant_name) FROM _wh.tenant_connections c
        WHERE c.tenant_name NOT IN (SELECT m.tenant_name FROM _wh_manual.tenant_connections m)
        UNION ALL
        SELECT format('template %s: added since the adoption, and gone', t.template_name) FROM _wh.mv_templates t
        WHERE EXISTS (SELECT FROM _wh.feeds f WHERE f.template_name = t.template_name)
            AND t.template_name NOT IN (SELECT m.template_name FROM _wh_manual.mv_templates m);
        FOR item IN SELECT s.server_name FROM _wh.source_servers s JOIN pg_foreign_server f ON f.srvname = s.server_name LOOP
            EXECUTE format('DROP SERVER %I CASCADE', item.server_name);
        END LOOP;
    END IF;
    DROP SCHEMA IF EXISTS _wh, _wh_internal, _wh_data, _wh_audit CASCADE;
    IF NOT EXISTS (SELECT FROM _wh_adopt.schemas s WHERE s.schema_name = 'cron')
        AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
        DROP SCHEMA IF EXISTS cron CASCADE;
    END IF;
    -- Jobs that somebody else has made since then keep it.
    IF EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron'
            AND e.extname NOT IN (SELECT x.extname FROM _wh_adopt.extensions x)) THEN
        IF NOT EXISTS (SELECT FROM cron.job) THEN
            DROP EXTENSION pg_cron CASCADE;
        END IF;
    END IF;
    FOR item IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = to_regnamespace('cron')
            AND p.oid NOT IN (SELECT f.funcid FROM _wh_adopt.cron_functions f)
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE %s', item.name);
    END LOOP;
    -- What the administrator granted for Tenantry alone.
    REVOKE USAGE ON SCHEMA _wh_manual FROM whadmin;
    REVOKE ALL ON _wh_manual.tenant_connections, _wh_manual.mv_templates FROM whadmin;
    ALTER SCHEMA _wh_manual RENAME TO _wh;
    PERFORM pg_temp.tenantry_rights('SCHEMA ' || s.nspoid::regnamespace, n.nspacl, s.acl, 'n', n.nspowner)
        FROM _wh_adopt.schemas s JOIN pg_namespace n ON n.oid = s.nspoid WHERE n.nspacl IS DISTINCT FROM s.acl
            AND pg_has_role(n.nspowner, 'USAGE');
    PERFORM pg_temp.tenantry_rights('TABLE ' || t.relid::regclass, c.relacl, t.acl, 'r', c.relowner)
        FROM _wh_adopt.tables t JOIN pg_class c ON c.oid = t.relid
        WHERE c.relacl IS DISTINCT FROM t.acl AND pg_has_role(c.relowner, 'USAGE');
    PERFORM pg_temp.tenantry_rights('DATABASE ' || quote_ident(current_database()), d.datacl, w.acl, 'd', d.datdba)
        FROM _wh_adopt.database w, pg_database d WHERE d.datname = current_database() AND d.datacl IS DISTINCT FROM w.acl;
    PERFORM pg_temp.tenantry_rights('FUNCTION ' || f.funcid::regprocedure, p.proacl, f.acl, 'f', p.proowner)
        FROM _wh_adopt.functions f JOIN pg_proc p ON p.oid = f.funcid
        WHERE p.proacl IS DISTINCT FROM f.acl AND pg_has_role(p.proowner, 'USAGE');
    PERFORM pg_temp.tenantry_take_back('FUNCTION ' || f.funcid::regprocedure, p.proacl, f.acl)
        FROM _wh_adopt.functions f JOIN pg_proc p ON p.oid = f.funcid
        WHERE p.proacl IS DISTINCT FROM f.acl AND NOT pg_has_role(p.proowner, 'USAGE');
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
    PERFORM pg_temp.tenantry_take_back('FOREIGN DATA WRAPPER dblink_fdw', f.fdwacl, w.fdwacl)
        FROM _wh_adopt.wrapper w JOIN pg_foreign_data_wrapper f ON f.fdwname = 'dblink_fdw'
        WHERE f.fdwacl IS DISTINCT FROM w.fdwacl AND NOT pg_has_role(f.fdwowner, 'USAGE');
    FOR item IN SELECT w.*, r.rolcreaterole <> w.rolcreaterole OR r.rolcreatedb <> w.rolcreatedb AS differs
        FROM _wh_adopt.roles w JOIN pg_roles r ON r.rolname = w.rolname
    LOOP
        IF item.differs THEN
            EXECUTE format('ALTER ROLE %I %s %s', item.rolname,
                CASE WHEN item.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
                CASE WHEN item.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END);
        END IF;
        IF item.setconfig IS NULL AND EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole = item.rolname::regrole
            AND s.setdatabase = 0)
        THEN
            EXECUTE format('ALTER ROLE %I RESET ALL', item.rolname);
        END IF;
    END LOOP;
    -- Groups that came with Tenantry, unless another database of the server uses them.
    FOR item IN SELECT r.rolname FROM pg_roles r
        WHERE r.rolname IN ('tenantry_operator', 'tenantry_auditor', 'tenantry_template_author')
            AND r.rolname NOT IN (SELECT w.rolname FROM _wh_adopt.roles w)
            AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND m.member <> current_user::regrole)
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', item.rolname);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
    IF to_regclass('cron.job') IS NOT NULL THEN
        PERFORM _wh_adopt.set_job(o.jobid, o.active, o.command) FROM _wh_adopt.jobs o;
    END IF;
    PERFORM pg_temp.tenantry_take_back('TABLE ' || t.relid::regclass, c.relacl, t.acl)
        FROM _wh_adopt.tables t JOIN pg_class c ON c.oid = t.relid
        WHERE c.relacl IS DISTINCT FROM t.acl AND NOT pg_has_role(c.relowner, 'USAGE');
    PERFORM pg_temp.tenantry_take_back('SCHEMA ' || s.nspoid::regnamespace, n.nspacl, s.acl)
        FROM _wh_adopt.schemas s JOIN pg_namespace n ON n.oid = s.nspoid
        WHERE n.nspacl IS DISTINCT FROM s.acl AND NOT pg_has_role(n.nspowner, 'USAGE');
    PERFORM _wh_adopt.leave_roles('');
    DROP SCHEMA _wh_adopt CASCADE;
END
$$;
