-- After the functions: nobody but their owner may execute them, and readers see what whadmin makes for them.
-- Run as whadmin.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    -- One by one, because a function that somebody else put into _wh would make REVOKE ... ON ALL fail.
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace IN (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('_wh', '_wh_internal', 'cron'))
            AND p.proowner = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = 'whadmin')
            AND pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
    END LOOP;
END
$$;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA public GRANT SELECT ON TABLES TO phood_ro;
