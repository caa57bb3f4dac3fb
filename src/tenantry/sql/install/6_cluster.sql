-- On a Citus cluster, what Tenantry's functions create stays on the coordinator, whoever calls them: psql,
-- pg_cron, or the program. Only in_cluster concerns the other nodes.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    IF pg_catalog.current_setting('citus.enable_ddl_propagation', true) IS NOT NULL THEN
        FOR routine IN SELECT p.oid FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
            WHERE p.pronamespace IN ('_wh'::regnamespace, '_wh_internal'::regnamespace)
                AND p.proowner = 'whadmin'::regrole AND p.prokind = 'f' AND p.provolatile = 'v'
                AND p.proname <> 'in_cluster'
        LOOP
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET citus.enable_ddl_propagation = off', routine);
        END LOOP;
    END IF;
END
$$;
