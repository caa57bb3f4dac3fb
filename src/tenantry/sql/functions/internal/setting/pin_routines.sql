CREATE OR REPLACE FUNCTION _wh_internal.pin_routines(names text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Attach the settings of pins() to the functions with these names, for as long as each runs. These are the
-- functions that other users' sessions call, with whatever settings those have. The functions that these call
-- inherit the settings, which saves them the microseconds.
DECLARE
    settings text := (SELECT string_agg(format('SET %s = %L', p.name, p.value), ' ')
        FROM _wh_internal.pins() p WHERE current_setting(p.name, true) IS NOT NULL);
    routine regprocedure;
BEGIN
    FOR routine IN SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE format('%s.%s', n.nspname, p.proname) = ANY (names) ORDER BY p.oid
    LOOP
        EXECUTE format('ALTER FUNCTION %s %s', routine, settings);
    END LOOP;
END
$$;
