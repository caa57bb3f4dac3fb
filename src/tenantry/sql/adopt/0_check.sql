-- Refuse what is not a warehouse by the operations manual's own scripts, before anything is changed.
SET LOCAL search_path = pg_catalog, pg_temp;

-- An administrator who is no superuser acts as the owners of what it adopts. It grants itself what it lacks, and 2_record.sql
-- writes that down, so that it can be taken back.
CREATE TEMPORARY TABLE IF NOT EXISTS tenantry_granted (role name PRIMARY KEY);
TRUNCATE pg_temp.tenantry_granted;
CREATE OR REPLACE FUNCTION pg_temp.tenantry_act_as(wanted name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF pg_catalog.pg_has_role(wanted, 'USAGE') AND (CASE
        WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN pg_catalog.pg_has_role(wanted, 'SET')
        ELSE true END)
    THEN
        RETURN;
    END IF;
    -- From 16 on, whoever makes a role may grant it, and a grant may come without the right to use it.
    EXECUTE pg_catalog.format('GRANT %I TO CURRENT_USER', wanted) || CASE
        WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE'
        ELSE '' END;
    INSERT INTO pg_temp.tenantry_granted VALUES (wanted);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'role "%" may not act as %, which owns a part of the warehouse', current_user, wanted
        USING ERRCODE = 'insufficient_privilege',
        HINT = pg_catalog.format('As a superuser, or as who made that role: GRANT %I TO %I WITH ADMIN OPTION', wanted, current_user);
END
$$;

DO $$
DECLARE
    missing text;
BEGIN
    IF pg_catalog.to_regnamespace('_wh') IS NULL THEN
        RAISE EXCEPTION 'this database has no schema _wh: there is nothing to adopt'
            USING ERRCODE = 'undefined_object', HINT = 'Make a new warehouse: tenantry init';
    END IF;
    IF pg_catalog.to_regclass('_wh.migrations') IS NOT NULL THEN
        RAISE EXCEPTION 'this database is a warehouse of Tenantry already'
            USING ERRCODE = 'duplicate_object', HINT = 'Look at it: tenantry status';
    END IF;
    SELECT pg_catalog.string_agg(n.name, ', ') INTO missing
    FROM (VALUES ('tenant_connections', 'tenant_name'), ('tenant_connections', 'host'),
        ('tenant_connections', 'port'), ('tenant_connections', 'dbname'), ('tenant_connections', 'username'),
        ('tenant_connections', 'password'), ('mv_templates', 'template_name'),
        ('mv_templates', 'query_template'), ('mv_templates', 'column_definitions')) w (relname, attname)
    CROSS JOIN LATERAL (SELECT '_wh.' || w.relname || '.' || w.attname AS name) n
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = pg_catalog.to_regclass('_wh.' || w.relname) AND a.attname = w.attname
            AND NOT a.attisdropped);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'the schema _wh is neither Tenantry''s nor one by the operations manual: it lacks %', missing
            USING ERRCODE = 'wrong_object_type', HINT = 'Rename it, then make a warehouse: tenantry init';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = current_user AND (r.rolsuper OR r.rolcreaterole))
        OR current_user = 'whadmin' THEN
        RAISE EXCEPTION 'role "%" may not adopt this warehouse', current_user USING ERRCODE = 'insufficient_privilege',
            HINT = 'Connect as the server''s administrator, who owns the schema _wh and may create roles: --dsn';
    END IF;
    -- Its owner, and whoever owns something in it; whadmin, who will.
    PERFORM pg_temp.tenantry_act_as(r.rolname) FROM pg_catalog.pg_roles r
    WHERE r.rolname = 'whadmin' OR r.oid IN (
        SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = '_wh'
        UNION ALL SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = '_wh'::regnamespace
        UNION ALL SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.pronamespace = '_wh'::regnamespace);
    SELECT pg_catalog.string_agg(n.nspname, ', ' ORDER BY n.nspname) INTO missing FROM pg_catalog.pg_namespace n
    WHERE n.nspname IN ('_wh_manual', '_wh_adopt', '_wh_internal', '_wh_data', '_wh_audit');
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'the database has a schema already whose name adopting needs: %', missing
            USING ERRCODE = 'duplicate_schema', HINT = 'Rename it: ALTER SCHEMA … RENAME TO …';
    END IF;
END
$$;
