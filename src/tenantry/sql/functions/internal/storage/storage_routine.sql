CREATE OR REPLACE FUNCTION _wh_internal.storage_routine(storage text, operation text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The function that carries out an operation in a storage, for EXECUTE: its own, or that of the storage that
-- it is based on. Only names in the table of storages become code.
DECLARE
    traits _wh.storages := _wh_internal.storage_traits(storage);
    routine text := format('_wh_internal.%I', traits.storage || '_' || operation);
BEGIN
    IF to_regproc(routine) IS NOT NULL THEN
        RETURN routine;
    ELSIF traits.base IS NOT NULL THEN
        RETURN _wh_internal.storage_routine(traits.base, operation);
    END IF;
    RAISE EXCEPTION 'storage "%" cannot do this: it has no operation "%"', storage, operation
        USING ERRCODE = 'feature_not_supported',
        HINT = format('Write the function %s, as docs/architecture.md describes it.', routine);
END
$$;
