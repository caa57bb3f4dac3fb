CREATE OR REPLACE FUNCTION _wh_internal.write_log(function_name text, log_level text, message text,
    context jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Of a feed the entry keeps its names; the rest of its record says nothing about what was done.
DECLARE
    facts CONSTANT jsonb := jsonb_strip_nulls(context) - CASE WHEN context ? 'first_day_chosen'
        THEN ARRAY['created_at', 'first_day', 'first_day_chosen'] ELSE '{}' END;
BEGIN
    INSERT INTO _wh.function_logs (function_name, log_level, message, context)
    VALUES (function_name, log_level, _wh_internal.visible(message), facts);
    PERFORM _wh_internal.audit(function_name, coalesce(facts, '{}')::text,
        lower(log_level) || ': ' || _wh_internal.visible(message));
END
$$;
