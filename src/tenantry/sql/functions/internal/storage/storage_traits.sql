CREATE OR REPLACE FUNCTION _wh_internal.storage_traits(storage text) RETURNS _wh.storages
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- What a storage can do. Callers check the trait, never the name.
DECLARE
    traits _wh.storages;
BEGIN
    SELECT s.* INTO traits FROM _wh.storages s WHERE s.storage = storage_traits.storage;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no storage "%"', storage USING ERRCODE = 'invalid_parameter_value',
            HINT = (SELECT 'Storages: ' || string_agg(s.storage, ', ' ORDER BY s.storage)
                FROM _wh.storages s);
    END IF;
    RETURN traits;
END
$$;
