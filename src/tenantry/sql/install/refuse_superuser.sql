-- Refuse a superuser: what this script does is whadmin's, and so is what it reads and runs; whadmin could
-- have put there what takes a superuser's rights.
DO $$
BEGIN
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) session_user) THEN
        RAISE EXCEPTION 'a superuser does not run this script, which runs what whadmin can change'
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Run it as whadmin (psql -U whadmin ...). The program does so by itself: tenantry '
                'upgrade.';
    END IF;
END
$$;
