-- Before the functions are made again: drop the internal ones, so that none stays with parameters that it had
-- once. Nothing depends on them but each other, and materialized views on one, which stays as it is called.
-- Trigger functions stay: they guard passwords, and have no parameters to change.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT p.oid FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = '_wh_internal'::regnamespace AND p.prorettype <> 'trigger'::regtype
            AND p.proname <> 'source_login' LOOP
        EXECUTE pg_catalog.format('DROP ROUTINE %s', routine);
    END LOOP;
END
$$;
