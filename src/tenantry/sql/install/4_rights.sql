-- After the functions: nobody but their owner may execute them, and readers see what whadmin makes for them.
-- Run as whadmin.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA _wh, _wh_internal FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA public GRANT SELECT ON TABLES TO phood_ro;
