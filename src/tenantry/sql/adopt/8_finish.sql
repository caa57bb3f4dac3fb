-- The end: what was kept for --undo goes, with the passwords in it. What operators had made beside it in `_wh` stays, in
-- `_wh_manual`. One transaction, as the administrator.
DO $$
DECLARE
    secrets text;
    readers text;
    triggered oid[];
    thing record;
BEGIN
    IF pg_catalog.to_regclass('_wh_adopt.steps') IS NULL THEN
        RAISE EXCEPTION 'there is no adoption to finish' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF NOT EXISTS (SELECT FROM _wh_adopt.steps s WHERE s.step = 'jobs') THEN
        RAISE EXCEPTION 'the adoption has not ended' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Go on with it: tenantry adopt, or adopt.sql';
    END IF;
    SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname) INTO secrets
    FROM _wh_adopt.schemas s JOIN pg_catalog.pg_namespace n ON n.oid = s.nspoid AND s.tenant
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'm'
    WHERE pg_catalog.pg_get_viewdef(c.oid) ~* (
        E'^(?:[^''"]|''(?:[^'']|'''')*''|"(?:[^"]|"")*")*?\\mdblink\\(E?''(?:[^'']|'''')*'
        || E'(?:\\mpassword\\s*=|://[^''/@]*:[^''/@]*@)');
    IF secrets IS NOT NULL THEN
        RAISE EXCEPTION 'views still hold a password: %', secrets USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run tenantry adopt --finish. If that leaves a view out, it is not the manual''s, or a materialized view reads '
                'it: drop it, or make it again without the password.';
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
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass
            AND d.refobjid = '_wh_manual'::regnamespace AND d.deptype = 'n') THEN
        DROP SCHEMA _wh_manual;
    END IF;
    PERFORM _wh_adopt.leave_roles('whadmin');
    DROP SCHEMA _wh_adopt CASCADE;
END
$$;
