CREATE OR REPLACE FUNCTION _wh_internal.storage_routine(storage text, operation text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The function that carries out an operation in a storage, for EXECUTE. Only names in the table of storages
-- become code.
DECLARE
    routine text := format('_wh_internal.%I', storage || '_' || operation);
BEGIN
    IF NOT EXISTS (SELECT FROM _wh.storages s WHERE s.storage = storage_routine.storage) THEN
        PERFORM _wh_internal.storage_traits(storage);
    ELSIF to_regproc(routine) IS NULL THEN
        RAISE EXCEPTION 'storage "%" cannot do this: it has no operation "%"', storage, operation
            USING ERRCODE = 'feature_not_supported',
            HINT = format('Write the function %s, as docs/architecture.md describes it.', routine);
    END IF;
    RETURN routine;
END
$$;
