CREATE OR REPLACE FUNCTION _wh_internal.find_function(function_name text) RETURNS regproc
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The function that a caller names, with or without its schema _wh.
DECLARE
    found regproc := to_regproc(CASE WHEN strpos(function_name, '.') > 0 THEN function_name
        ELSE '_wh.' || function_name END);
BEGIN
    IF found IS NULL THEN
        RAISE EXCEPTION 'function "%" does not exist', function_name USING ERRCODE = 'undefined_function',
            HINT = 'Name one function of _wh, such as _wh.update_foodlogstats; there must be only one with '
            'that name.';
    END IF;
    RETURN found;
END
$$;
