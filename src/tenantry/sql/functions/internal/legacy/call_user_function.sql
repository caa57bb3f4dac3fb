CREATE OR REPLACE FUNCTION _wh_internal.call_user_function(statement text, slice_date date) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Run a function that operators wrote themselves, with the search_path that they wrote it for, since dblink
-- is in public.
DECLARE
    result jsonb;
BEGIN
    EXECUTE statement INTO result USING slice_date;
    RETURN result;
END
$$;
