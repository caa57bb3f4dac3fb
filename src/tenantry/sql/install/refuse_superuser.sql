-- Refuse a superuser: this script reads and runs what belongs to whadmin, and whadmin could have put
-- something there that takes over a superuser's rights.
DO $$
BEGIN
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) session_user) THEN
        RAISE EXCEPTION 'a superuser must not run this script, because it runs what whadmin can change'
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Run it as whadmin (psql -U whadmin ...). The command tenantry upgrade does that on its '
                'own.';
    END IF;
END
$$;
