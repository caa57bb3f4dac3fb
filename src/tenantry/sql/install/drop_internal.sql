-- Before the functions are created again: drop the internal ones, so that none stays with former parameters.
-- Nothing depends on them except each other; but materialized views depend on two, and a view on another.
-- These stay as their callers expect them. Trigger functions stay, too: they guard passwords and have no
-- parameters.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT p.oid FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = '_wh_internal'::regnamespace AND p.prorettype <> 'trigger'::regtype
            AND p.proname NOT IN ('source_login', 'adopted_rows', 'freshness') LOOP
        EXECUTE pg_catalog.format('DROP ROUTINE %s', routine);
    END LOOP;
END
$$;
