-- The end: what was kept for --undo goes, with the passwords in it. What operators had made beside it in `_wh` stays, in
-- `_wh_manual`. One transaction, as the administrator.
DO $$
DECLARE
    secrets bigint;
    readers text;
    triggered oid[];
    thing record;
BEGIN
    SELECT pg_catalog.count(*) INTO secrets FROM _wh_adopt.objects o JOIN pg_catalog.pg_class c ON c.oid = o.relid
    WHERE c.relkind = 'm' AND pg_catalog.pg_get_viewdef(c.oid) ~* E'dblink\\(E?''(?:[^'']|'''')*\\mpassword\\s*=';
    IF secrets > 0 THEN
        RAISE EXCEPTION '% daily views still hold a password', secrets USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Make them again first: tenantry adopt --finish';
    END IF;
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, v.relname), ', ') INTO readers
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
    JOIN pg_catalog.pg_class v ON v.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
    LEFT JOIN pg_catalog.pg_class t ON d.refclassid = 'pg_catalog.pg_class'::regclass AND t.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_proc p ON d.refclassid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.refobjid
    WHERE coalesce(t.relnamespace, p.pronamespace) = '_wh_manual'::regnamespace AND n.nspname <> '_wh_manual';
    IF readers IS NOT NULL THEN
        RAISE EXCEPTION 'these views still use what was set aside: %', readers
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Let them use the schema _wh in place of _wh_manual, or drop them.';
    END IF;

    triggered := ARRAY(SELECT DISTINCT t.tgfoid FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND p.pronamespace = '_wh_manual'::regnamespace);
    DROP TABLE IF EXISTS _wh_manual.tenant_connections, _wh_manual.mv_templates, _wh_manual.function_logs;
    FOR thing IN
        SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = '_wh_manual'::regnamespace AND CASE WHEN p.oid = ANY (triggered)
            THEN NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid)
            ELSE p.proname IN (SELECT o.proname FROM pg_catalog.pg_proc o WHERE o.pronamespace = '_wh'::regnamespace) END
    LOOP
        EXECUTE pg_catalog.format('DROP ROUTINE %s', thing.name);
    END LOOP;
    DROP SCHEMA _wh_adopt CASCADE;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass
            AND d.refobjid = '_wh_manual'::regnamespace AND d.deptype = 'n') THEN
        DROP SCHEMA _wh_manual;
    END IF;
END
$$;
