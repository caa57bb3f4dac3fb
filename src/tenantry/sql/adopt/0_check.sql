-- Refuse what is not a warehouse by the operations manual's own scripts, before anything is changed.
SET LOCAL search_path = pg_catalog, pg_temp;
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
    IF NOT pg_catalog.pg_has_role((SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = '_wh'), 'USAGE')
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = current_user AND (r.rolsuper OR r.rolcreaterole))
        OR current_user = 'whadmin' THEN
        RAISE EXCEPTION 'role "%" may not adopt this warehouse', current_user USING ERRCODE = 'insufficient_privilege',
            HINT = 'Connect as the server''s administrator, who owns the schema _wh and may create roles: --dsn';
    END IF;
    SELECT pg_catalog.string_agg(n.nspname, ', ' ORDER BY n.nspname) INTO missing FROM pg_catalog.pg_namespace n
    WHERE n.nspname IN ('_wh_manual', '_wh_adopt', '_wh_internal', '_wh_data', '_wh_audit');
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'the database has a schema already whose name adopting needs: %', missing
            USING ERRCODE = 'duplicate_schema', HINT = 'Rename it: ALTER SCHEMA … RENAME TO …';
    END IF;
END
$$;
