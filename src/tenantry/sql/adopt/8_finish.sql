-- The end: what was kept for --undo goes, with the passwords in it. One transaction, as the administrator.
DO $$
DECLARE
    secrets bigint;
BEGIN
    SELECT pg_catalog.count(*) INTO secrets FROM _wh_adopt.objects o JOIN pg_catalog.pg_class c ON c.oid = o.relid
    WHERE c.relkind = 'm' AND pg_catalog.pg_get_viewdef(c.oid) ~* E'dblink\\(E?''(?:[^'']|'''')*\\mpassword\\s*=';
    IF secrets > 0 THEN
        RAISE EXCEPTION '% daily views still hold a password', secrets USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Make them again first: tenantry adopt --finish';
    END IF;
    DROP SCHEMA _wh_manual, _wh_adopt CASCADE;
END
$$;
