-- What there was, for --undo, in a schema that only the administrator may use; and the jobs of the warehouse are held.
-- One transaction, after 1_find.sql.
CREATE SCHEMA _wh_adopt;
COMMENT ON SCHEMA _wh_adopt IS 'Tenantry: what was there before this warehouse was adopted; until tenantry adopt --finish';

CREATE TABLE _wh_adopt.objects AS
SELECT f.*, c.relacl AS acl, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
FROM pg_temp.tenantry_found f JOIN pg_catalog.pg_class c ON c.oid = f.relid WHERE f.in_tenant OR f.kind IS NOT NULL;
ALTER TABLE _wh_adopt.objects ADD PRIMARY KEY (relid);

-- Every view that reads one of them, however far away, in the order in which they can be made.
CREATE TABLE _wh_adopt.views AS
WITH RECURSIVE readers AS (
    SELECT o.relid, 0 AS depth FROM _wh_adopt.objects o
    UNION
    SELECT r.ev_class, s.depth + 1
    FROM readers s
    JOIN pg_catalog.pg_depend d ON d.refobjid = s.relid AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.ev_class <> s.relid
)
SELECT c.oid AS relid, n.nspname AS schema_name, c.relname, c.relkind, a.rolname AS owner, c.relacl AS acl, c.reloptions,
    pg_catalog.pg_get_viewdef(c.oid) AS definition, pg_catalog.max(r.depth) AS depth,
    (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
        ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
    (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, d.description))
        FROM pg_catalog.pg_description d LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
            AND d.objsubid > 0
        WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid) AS comments,
    -- What goes with a view that has to be made again.
    ARRAY(SELECT pg_catalog.format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname,
            pg_catalog.pg_get_expr(d.adbin, d.adrelid))
        FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE d.adrelid = c.oid ORDER BY d.adnum)
    || ARRAY(SELECT pg_catalog.pg_get_ruledef(w.oid) FROM pg_catalog.pg_rewrite w
        WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN' ORDER BY w.oid)
    || ARRAY(SELECT pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.oid)
    || ARRAY(SELECT pg_catalog.format('GRANT %s (%I) ON %I.%I TO %s%s', x.privilege_type, a.attname, n.nspname, c.relname,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' END)
        FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = c.oid ORDER BY a.attnum) AS extras
FROM readers r JOIN pg_catalog.pg_class c ON c.oid = r.relid AND c.relkind = 'v'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles a ON a.oid = c.relowner
GROUP BY c.oid, n.nspname, c.relname, c.relkind, a.rolname, c.relacl, c.reloptions;

CREATE TABLE _wh_adopt.schemas AS
SELECT n.oid AS nspoid, n.nspname AS schema_name, r.rolname AS owner, n.nspacl AS acl,
    EXISTS (SELECT FROM _wh_adopt.objects o WHERE o.schema_name = n.nspname AND o.kind IN ('day', 'year')) AS tenant
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
WHERE n.nspname IN ('public', '_wh', 'cron') OR n.nspname IN (SELECT o.schema_name FROM _wh_adopt.objects o);

CREATE TABLE _wh_adopt.roles AS
SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolinherit, r.rolbypassrls, r.rolreplication,
    s.setconfig
FROM pg_catalog.pg_roles r
LEFT JOIN pg_catalog.pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
WHERE r.rolname IN ('whadmin', 'phood_ro', 'tenantry_operator', 'tenantry_auditor', 'tenantry_template_author');

-- Indexes are renamed with their tables; functions and default privileges get other rights.
CREATE TABLE _wh_adopt.indexes AS
SELECT i.indexrelid, c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid IN (SELECT o.relid FROM _wh_adopt.objects o WHERE o.kind IN ('day', 'year'));

CREATE TABLE _wh_adopt.functions AS
SELECT p.oid AS funcid, p.proacl AS acl FROM pg_catalog.pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock'
    OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            AND e.extname IN ('dblink', 'pg_cron'));

CREATE TABLE _wh_adopt.extensions AS SELECT e.extname FROM pg_catalog.pg_extension e;

CREATE TABLE _wh_adopt.wrapper AS
SELECT f.fdwacl FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.fdwname = 'dblink_fdw';

CREATE TABLE _wh_adopt.tables AS
SELECT c.oid AS relid, c.relacl AS acl FROM pg_catalog.pg_class c
WHERE c.relnamespace IN ('_wh'::regnamespace, pg_catalog.to_regnamespace('cron')) AND c.relkind IN ('r', 'v', 'S');

CREATE TABLE _wh_adopt.cron_functions AS
SELECT p.oid AS funcid FROM pg_catalog.pg_proc p WHERE p.pronamespace = pg_catalog.to_regnamespace('cron');

CREATE TABLE _wh_adopt.default_rights AS
SELECT d.defaclrole, d.defaclnamespace, d.defaclobjtype, d.defaclacl FROM pg_catalog.pg_default_acl d;

CREATE TABLE _wh_adopt.database AS
SELECT d.datacl AS acl FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database();

-- Days that were made again without a secret, and wait to take the old ones' places.
CREATE TABLE _wh_adopt.copies (
    relid oid PRIMARY KEY, filenode oid NOT NULL, fresh oid NOT NULL, replaced boolean NOT NULL DEFAULT false
);

CREATE TABLE _wh_adopt.steps (step text PRIMARY KEY, at timestamptz NOT NULL DEFAULT pg_catalog.now());
INSERT INTO _wh_adopt.steps VALUES ('recorded');

-- The owners of all that gets another owner, or is made again.
DO $$
BEGIN
    PERFORM pg_temp.tenantry_act_as(w.owner) FROM (
        SELECT o.owner FROM _wh_adopt.objects o WHERE o.kind IS NOT NULL
        UNION SELECT v.owner FROM _wh_adopt.views v
        UNION SELECT s.owner FROM _wh_adopt.schemas s WHERE s.tenant
    ) w;
END
$$;
CREATE TABLE _wh_adopt.granted AS TABLE pg_temp.tenantry_granted;
CREATE FUNCTION _wh_adopt.act_as(wanted name) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(wanted, 'USAGE') THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', wanted) || CASE
            WHEN current_setting('server_version_num')::integer >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
        INSERT INTO _wh_adopt.granted VALUES (wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION _wh_adopt.act_as IS 'Let the administrator act as the owner of a view that was made since';
CREATE FUNCTION _wh_adopt.leave_roles(kept name) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT g.role FROM _wh_adopt.granted g WHERE g.role <> kept LOOP
        EXECUTE format('REVOKE %I FROM CURRENT_USER', item.role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION _wh_adopt.leave_roles IS 'Take back what the administrator granted itself to act as owners, except for one';

CREATE TABLE _wh_adopt.tenants AS TABLE pg_temp.tenantry_tenants;
CREATE TABLE _wh_adopt.jobs AS TABLE pg_temp.tenantry_jobs;

CREATE FUNCTION _wh_adopt.set_job(job bigint, run boolean, new_command text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    former name := current_user;
    runner name;
BEGIN
    BEGIN
        UPDATE cron.job j SET active = coalesce(run, j.active), command = coalesce(new_command, j.command) WHERE j.jobid = job;
        IF FOUND THEN
            RETURN true;
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;
    -- pg_cron lets a role that is no superuser change its own jobs alone.
    SELECT o.username INTO runner FROM _wh_adopt.jobs o WHERE o.jobid = job AND pg_has_role(o.username::name, 'USAGE');
    IF runner IS NULL OR runner = former THEN
        RETURN false;
    END IF;
    IF NOT has_table_privilege(runner, 'cron.job', 'UPDATE') THEN
        EXECUTE format('GRANT SELECT, UPDATE ON cron.job TO %I', runner);
    END IF;
    EXECUTE format('SET LOCAL ROLE %I', runner);
    UPDATE cron.job j SET active = coalesce(run, j.active), command = coalesce(new_command, j.command) WHERE j.jobid = job;
    EXECUTE format('SET LOCAL ROLE %I', former);
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION _wh_adopt.set_job IS 'Pause a job or let it go on, as its role where only that may; false if it is not there';

DO $$
BEGIN
    -- As the manual pauses a job. pg_cron hears of it when this transaction ends.
    IF EXISTS (SELECT FROM _wh_adopt.jobs o WHERE o.active AND NOT _wh_adopt.set_job(o.jobid, false)) THEN
        RAISE EXCEPTION 'role "%" may not pause all jobs of the warehouse', current_user
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Run this as a role that may update every row of cron.job, or pause them first.';
    END IF;
END
$$;
