CREATE OR REPLACE FUNCTION _wh_internal.write_log(function_name text, log_level text, message text,
    context jsonb)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO _wh.function_logs (function_name, log_level, message, context)
    VALUES (function_name, log_level, _wh_internal.visible(message), jsonb_strip_nulls(context));
    SELECT _wh_internal.audit(function_name, coalesce(jsonb_strip_nulls(context), '{}')::text,
        lower(log_level) || ': ' || _wh_internal.visible(message))
$$;
