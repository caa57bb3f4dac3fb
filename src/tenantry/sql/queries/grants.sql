-- name: loose
-- Every right of a role that should not have it: the object, its kind as GRANT calls it, the privileges, the
-- role, and the object's owner. The owner, whadmin and administrators may have any right. Other checks cover
-- part of what phood_ro and PUBLIC may not have.
WITH readers AS (
    SELECT r.oid, w.tenants FROM _wh.readers w JOIN pg_roles r ON r.rolname = w.reader_name
), schemas AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl, CASE
        WHEN n.nspname IN ('_wh', '_wh_internal') OR n.nspname = 'cron' AND n.nspowner = 'whadmin'::regrole
        THEN 'inner'
        WHEN n.nspname = 'public' THEN 'public'
        WHEN n.nspname = '_wh_data' THEN 'data'
        ELSE 'tenant' END AS place
    FROM pg_namespace n
    WHERE n.nspname IN ('_wh', '_wh_data', '_wh_internal', 'public') OR n.nspname = 'cron'
        AND n.nspowner = 'whadmin'::regrole
        OR n.nspname IN (SELECT t.schema_name FROM _wh.tenants t)
), objects (kind, name, place, schema, owner, acl, definer) AS (
    SELECT 'DATABASE', format('%%I', d.datname), 'database', NULL::name, d.datdba, d.datacl, false
    FROM pg_database d WHERE d.datname = current_database()
    UNION ALL
    SELECT 'SCHEMA', format('%%I', s.nspname), s.place, s.nspname, s.nspowner, s.nspacl, false FROM schemas s
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%%I.%%I', s.nspname, c.relname),
        s.place, s.nspname, c.relowner, c.relacl, false
    FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND (s.place <> 'public' OR c.relowner = 'whadmin'::regrole)
    UNION ALL
    SELECT 'COLUMN ' || quote_ident(a.attname), format('%%I.%%I', s.nspname, c.relname), s.place, s.nspname,
        c.relowner, a.attacl, false
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN schemas s ON s.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND (s.place <> 'public' OR c.relowner = 'whadmin'::regrole)
    UNION ALL
    SELECT 'ROUTINE', p.oid::regprocedure::text, 'inner', s.nspname, p.proowner, p.proacl, p.prosecdef
        OR p.prokind <> 'f'
    FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace WHERE s.place = 'inner'
    UNION ALL
    SELECT 'ROUTINE', p.oid::regprocedure::text, 'inner', NULL, p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner)), true
    FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        AND d.deptype = 'e'
    JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
    -- The wrapper itself checks two of the options, and connects to nothing.
    WHERE e.extname = 'dblink' AND p.proname <> 'dblink_fdw_validator'
    UNION ALL
    SELECT 'FOREIGN SERVER', format('%%I', v.srvname), 'inner', NULL, v.srvowner, v.srvacl, true
    FROM pg_foreign_server v JOIN pg_foreign_data_wrapper w ON w.oid = v.srvfdw WHERE w.fdwname = 'dblink_fdw'
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', format('%%I', w.fdwname), 'inner', NULL, w.fdwowner, w.fdwacl, true
        FROM pg_foreign_data_wrapper w WHERE w.fdwname = 'dblink_fdw'
)
SELECT o.kind, o.name, string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type),
    CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(coalesce(g.rolname, x.grantee::text)) END,
    pg_get_userbyid(o.owner)::text
FROM objects o CROSS JOIN LATERAL aclexplode(o.acl) x
LEFT JOIN pg_roles g ON g.oid = x.grantee
LEFT JOIN readers r ON r.oid = x.grantee
WHERE x.grantee <> o.owner
    AND NOT coalesce(g.rolsuper OR g.rolcreaterole OR g.rolname IN ('whadmin', 'rds_superuser'), false)
    AND NOT CASE o.place
        WHEN 'database' THEN x.privilege_type IN ('CONNECT', 'TEMPORARY')
        WHEN 'public' THEN o.kind = 'SCHEMA'
            AND (x.privilege_type = 'USAGE' OR coalesce(g.rolname, 'phood_ro') = 'phood_ro')
            OR o.kind <> 'SCHEMA' AND x.privilege_type = 'SELECT' AND x.grantee <> 0
            AND (r.tenants IS NULL
            -- As Tenantry wrote it, the view shows a reader its own tenants alone.
            OR o.name = 'public.tenantry_freshness'
            OR EXISTS (SELECT FROM _wh.published_views v JOIN pg_rewrite w ON w.oid = v.rule
                AND w.xmin = v.rule_version WHERE v.schema_name = 'public'
                AND format('%%I.%%I', v.schema_name, v.view_name) = o.name))
        -- A table that a view of somebody reads; nobody else comes to its schema.
        WHEN 'data' THEN o.kind <> 'SCHEMA' AND x.privilege_type = 'SELECT' AND x.grantee <> 0
        WHEN 'tenant' THEN x.privilege_type IN ('USAGE', 'SELECT') AND x.grantee <> 0
            AND (r.tenants IS NULL OR o.schema = ANY (r.tenants))
        ELSE (o.name = '_wh.limited' AND x.privilege_type = 'SELECT'
            OR o.name = '_wh_internal.freshness(name)')
            AND r.tenants IS NOT NULL
            OR coalesce(g.rolname IN ('tenantry_auditor', 'tenantry_operator')
            AND (o.kind IN ('SCHEMA', 'TABLE') AND x.privilege_type IN ('USAGE', 'SELECT')
                AND o.name <> '_wh.alert_secrets'
                OR o.kind = 'ROUTINE' AND (NOT o.definer
                    OR o.name ~ '^(_wh[.](current_date_utc|does_mv_exist|check_views_by_template_for_year|'
                    'jobs|job_runs|job_leader)|_wh_internal[.](template_facts|template_outdated|'
                    'override_facts|job_facts|node_facts|node_load|shard_moves))[(]'))
            OR g.rolname = 'tenantry_operator' AND o.kind = 'ROUTINE'
                AND o.name ~ '^_wh[.](load_days|fold_year|fold_year_step|verify_days|publish_views|'
                'source_days|set_jobs_active|disable_tenant|enable_tenant|request_action|cancel_action)[(]'
            OR g.rolname = 'tenantry_template_author'
                AND (o.kind = 'SCHEMA' AND o.name IN ('_wh', '_wh_internal') AND x.privilege_type = 'USAGE'
                OR o.kind = 'TABLE' AND x.privilege_type = 'SELECT'
                    AND o.name IN ('_wh.mv_templates', '_wh.template_columns', '_wh.template_indexes',
                    '_wh.migrations', '_wh.installations', '_wh.storages')
                OR x.privilege_type = 'SELECT'
                    AND (o.name = '_wh.feeds'
                    AND o.kind IN ('COLUMN schema_name', 'COLUMN template_name', 'COLUMN tenant_name',
                        'COLUMN storage')
                    OR o.name = '_wh.tenants' AND o.kind IN ('COLUMN schema_name', 'COLUMN tenant_name'))
                OR o.name = '_wh.mv_templates' AND o.kind ~ '^COLUMN '
                    AND o.kind NOT IN ('COLUMN refusal', 'COLUMN created_at')
                    AND (x.privilege_type = 'INSERT' OR x.privilege_type = 'UPDATE'
                        AND o.kind <> 'COLUMN template_name')
                OR o.kind = 'ROUTINE'
                    AND (NOT o.definer AND o.name = '_wh_internal.find_template(text)'
                    OR o.name ~ '^(_wh[.](try_template|drop_unused_template|(set|drop)_template_override)|'
                        '_wh_internal[.](template_facts|template_outdated|override_facts))[(]')), false) END
    -- The checks `rights` and `functions` report these.
    AND NOT (x.grantee = 0 OR g.rolname = 'phood_ro') IS TRUE
        OR x.grantee <> o.owner AND (x.grantee = 0 OR g.rolname = 'phood_ro') AND CASE o.place
            WHEN 'database' THEN x.privilege_type NOT IN ('CONNECT', 'TEMPORARY')
            WHEN 'public' THEN o.kind <> 'SCHEMA' AND (x.grantee = 0 OR x.privilege_type <> 'SELECT')
                AND x.privilege_type NOT IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
            WHEN 'data' THEN o.kind = 'SCHEMA' OR x.privilege_type <> 'SELECT' OR x.grantee = 0
                -- Row security decides what a role sees of the table of all tenants.
                AND NOT EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                    AND c.relrowsecurity JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE p.polname = 'tenantry_all' AND format('%%I.%%I', n.nspname, c.relname) = o.name)
            WHEN 'tenant' THEN (x.grantee = 0 OR x.privilege_type NOT IN ('USAGE', 'SELECT'))
                AND x.privilege_type NOT IN ('CREATE', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
            ELSE NOT (o.kind = 'SCHEMA'
                OR o.name = '_wh_internal.freshness(name)' AND x.grantee <> 0
                OR o.kind = 'ROUTINE' AND x.grantee = 0
                AND o.owner = 'whadmin'::regrole
                OR o.kind = 'TABLE' AND o.schema = '_wh'
                    AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')) END
GROUP BY o.kind, o.name, x.grantee, g.rolname, o.owner ORDER BY 2, 1, 4

-- name: audit_trail
-- Whether whadmin could change the audit trail or cannot write it, or its entries are not stamped.
SELECT n.oid IS NULL OR c.oid IS NULL,
    pg_has_role('whadmin', n.nspowner, 'MEMBER') OR pg_has_role('whadmin', c.relowner, 'MEMBER'),
    array_to_string(ARRAY(SELECT p FROM unnest('{UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) p
        WHERE has_table_privilege('whadmin', c.oid, p)), ', '),
    has_schema_privilege('whadmin', n.oid, 'CREATE'),
    NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'stamp'
        AND t.tgenabled IN ('O', 'A')),
    pg_get_userbyid(c.relowner)::text,
    array_to_string(ARRAY(SELECT p FROM unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) p
        WHERE has_table_privilege('whadmin', f.oid, p)), ', '),
    NOT (has_schema_privilege('whadmin', n.oid, 'USAGE') AND has_table_privilege('whadmin', c.oid, 'SELECT')
        AND has_table_privilege('whadmin', f.oid, 'SELECT')
        AND (SELECT bool_and(has_column_privilege('whadmin', c.oid, a, 'INSERT'))
            FROM unnest('{what,subject,result}'::text[]) a))
FROM (SELECT) always LEFT JOIN pg_namespace n ON n.nspname = '_wh_audit'
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'entries' AND c.relkind = 'r'
LEFT JOIN pg_class f ON f.relnamespace = n.oid AND f.relname = 'restored' AND f.relkind = 'r'

-- name: loose_defaults
-- Default privileges for objects created later, by which role and for which role, beyond SELECT for phood_ro
-- and a tenant's readers.
SELECT pg_get_userbyid(d.defaclrole)::text, n.nspname::text, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES'
    WHEN 'S' THEN 'SEQUENCES'
        WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END,
    string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type), CASE x.grantee WHEN 0
        THEN 'PUBLIC' ELSE quote_ident(g.rolname) END
FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) x
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN pg_roles g ON g.oid = x.grantee
LEFT JOIN _wh.readers r ON r.reader_name = g.rolname
WHERE d.defaclrole = 'whadmin'::regrole AND x.grantee <> d.defaclrole AND d.defaclobjtype <> 'T'
    AND NOT (d.defaclobjtype = 'r' AND x.privilege_type = 'SELECT' AND x.grantee <> 0
    AND n.nspname NOT IN ('_wh', '_wh_internal', 'cron')
        AND (r.tenants IS NULL OR n.nspname = ANY (r.tenants)))
GROUP BY 1, 2, 3, x.grantee, g.rolname ORDER BY 1, 2 NULLS FIRST, 3, 5

-- name: open_functions
-- Whether functions that whadmin creates are open to everybody, which is PostgreSQL's default.
SELECT NOT EXISTS (SELECT FROM pg_default_acl d WHERE d.defaclrole = 'whadmin'::regrole
    AND d.defaclnamespace = 0 AND d.defaclobjtype = 'f')

-- name: strong_members
-- Tenantry's roles that are members, directly or indirectly, of a role with power over the server or the
-- warehouse.
WITH ours AS (
    SELECT r.oid, r.rolname, w.tenants IS NOT NULL AS limited FROM pg_roles r LEFT
    JOIN _wh.readers w ON w.reader_name = r.rolname
    WHERE r.rolname IN ('whadmin', 'phood_ro', 'tenantry_operator', 'tenantry_auditor',
        'tenantry_template_author') OR w.reader_name IS NOT NULL
)
SELECT o.rolname::text, quote_ident(g.rolname), CASE
        WHEN g.rolname = 'whadmin' THEN 'may do all that whadmin does'
        WHEN g.rolname = 'phood_ro' THEN 'reads all tenants'
        WHEN g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
            THEN 'reaches files or programs of the server'
        WHEN g.rolname IN ('pg_read_all_data', 'pg_write_all_data') THEN 'reaches all data'
        ELSE 'has power over the server' END
FROM ours o JOIN pg_auth_members m ON m.member = o.oid JOIN pg_roles g ON g.oid = m.roleid
WHERE CASE
        WHEN g.rolname = 'phood_ro' THEN o.limited
        -- The check `roles` reports phood_ro's memberships.
        WHEN o.rolname = 'phood_ro'
            AND g.rolname IN ('whadmin', 'postgres', 'pg_read_all_data', 'pg_write_all_data',
            'pg_read_server_files',
            'pg_write_server_files', 'pg_execute_server_program') THEN false
        ELSE EXISTS (SELECT FROM pg_roles s WHERE pg_has_role(g.oid, s.oid, 'MEMBER')
            AND (s.rolsuper AND s.oid = g.oid OR s.rolcreaterole OR s.rolreplication
            OR s.rolbypassrls OR s.rolname = 'whadmin'
                OR s.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
            'pg_read_all_data', 'pg_write_all_data')) AND s.rolname <> o.rolname AND NOT (s.rolsuper
                AND s.oid <> g.oid)) END
ORDER BY 1, 2

-- name: strong_readers
-- Readers that have power over the server.
SELECT r.rolname::text,
    array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole
    THEN 'CREATEROLE' END,
    CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE
        WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL)
FROM pg_roles r JOIN _wh.readers w ON w.reader_name = r.rolname
WHERE r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls ORDER BY 1

-- name: role_settings
-- Settings of Tenantry's roles that change what their sessions run or see.
SELECT r.rolname::text, d.datname::text, split_part(c, '=', 1) FROM pg_db_role_setting s
JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase CROSS
    JOIN LATERAL unnest(s.setconfig) c
WHERE (r.rolname IN ('whadmin', 'phood_ro') OR r.rolname IN (SELECT reader_name FROM _wh.readers))
    AND (d.datname IS NULL OR d.datname = current_database())
    AND (split_part(c, '=', 1) IN ('role', 'session_authorization', 'session_preload_libraries',
        'local_preload_libraries', 'dynamic_library_path',
        'session_replication_role') OR r.rolname = 'whadmin' AND split_part(c, '=', 1) IN ('search_path',
            'row_security', 'password_encryption'))
ORDER BY 1, 3

-- name: odd_relations
-- Tenantry's tables that are no longer plain tables of whadmin's. If another table has the same columns, it
-- may be the original, put aside.
SELECT c.relname::text, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f'
    THEN 'FOREIGN TABLE' WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'TABLE' ELSE c.relkind::text END,
    pg_get_userbyid(c.relowner)::text, c.relrowsecurity, (SELECT k.relname::text FROM pg_class k
        WHERE k.relnamespace = c.relnamespace AND k.relkind = 'r' AND k.relname <> ALL (%(tables)s)
        AND NOT EXISTS (
            SELECT x.attname FROM pg_attribute x WHERE x.attrelid = c.oid AND x.attnum > 0
            AND NOT x.attisdropped
            EXCEPT SELECT y.attname FROM pg_attribute y WHERE y.attrelid = k.oid AND y.attnum > 0
                AND NOT y.attisdropped) ORDER BY 1 LIMIT 1),
    ARRAY(SELECT u.rulename::text FROM pg_rewrite u WHERE u.ev_class = c.oid AND u.rulename <> '_RETURN')
FROM pg_class c WHERE c.relnamespace = '_wh'::regnamespace AND c.relname = ANY (%(tables)s)
    AND (c.relkind <> 'r' OR c.relowner <> 'whadmin'::regrole OR c.relrowsecurity OR c.relhasrules
    AND EXISTS (
        SELECT FROM pg_rewrite u WHERE u.ev_class = c.oid))
ORDER BY 1

-- name: strange_triggers
-- All triggers on tables of the warehouse.
SELECT format('%%I.%%I', n.nspname, c.relname), t.tgname::text, t.tgfoid::regproc::text FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('_wh', '_wh_internal') AND NOT t.tgisinternal ORDER BY 1, 2

-- name: strange_owners
-- Tenantry's schemas and foreign servers that belong to another role.
SELECT 'SCHEMA', n.nspname::text, pg_get_userbyid(n.nspowner)::text FROM pg_namespace n
WHERE n.nspname IN ('_wh', '_wh_internal') AND n.nspowner <> 'whadmin'::regrole
UNION ALL
SELECT 'SERVER', v.srvname::text, pg_get_userbyid(v.srvowner)::text FROM pg_foreign_server v
WHERE v.srvname IN (SELECT _wh_internal.server_name(c.tenant_name) FROM _wh.tenant_connections c)
    AND v.srvowner <> 'whadmin'::regrole
ORDER BY 1, 2

-- name: unlimited
-- Templates whose public view reads a table of all tenants with the reader's rights, while that table
-- lacks the row security that keeps readers of some tenants to those.
SELECT t.template_name FROM _wh.mv_templates t
CROSS JOIN _wh.storages s CROSS JOIN LATERAL _wh_internal.storage_root(t, s.storage) AS r (root)
JOIN pg_class c ON c.oid = r.root
JOIN pg_class v ON v.oid = to_regclass(format('public.%%I', _wh_internal.fit_name(t.template_name)))
CROSS JOIN LATERAL pg_options_to_table(v.reloptions) o
WHERE o.option_name = 'security_invoker' AND o.option_value = 'true'
    AND r.root = ANY (_wh_internal.view_reads(v.oid))
    AND EXISTS (SELECT FROM _wh_internal.limited_readers())
    AND (_wh_internal.limits_rows(r.root) OR NOT c.relrowsecurity)
    AND _wh_internal.row_limits(r.root::regclass, true) IS NOT NULL
ORDER BY t.template_name
