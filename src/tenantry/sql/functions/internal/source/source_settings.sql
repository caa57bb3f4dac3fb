CREATE OR REPLACE FUNCTION _wh_internal.source_settings(connection _wh.tenant_connections) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The settings of a session on a source: the one list for logins and for each transaction that reads, through
-- dblink and by streaming. The first group decides how values are written and what a query's text means, so
-- that neither a source's settings nor those of the account that starts the program can change that. A
-- connection's options may change the rest: timeouts, whether a row security policy raises an error, and
-- where names are looked up. `tenantry.session` is not a setting of PostgreSQL. It marks a session that has
-- these settings.
DECLARE
    settings jsonb := '{
        "tenantry.session": "yes", "TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres",
        "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "extra_float_digits": "3",
        "bytea_output": "hex", "xmlbinary": "base64", "xmloption": "content",
        "standard_conforming_strings": "on", "backslash_quote": "safe_encoding",
        "transform_null_equals": "off", "array_nulls": "on", "quote_all_identifiers": "off",
        "timezone_abbreviations": "Default", "gin_fuzzy_search_limit": "0",
        "default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on",
        "statement_timeout": "30min", "lock_timeout": "1min",
        "idle_in_transaction_session_timeout": "1h", "idle_session_timeout": "0",
        "transaction_timeout": "0", "row_security": "off"}'::jsonb;
    own jsonb;
BEGIN
    SELECT jsonb_object_agg(o.key, CASE WHEN o.key = 'row_security'
        THEN to_jsonb(CASE WHEN o.value::boolean THEN 'on' ELSE 'off' END)
        ELSE to_jsonb(o.value) END)
    INTO own FROM jsonb_each_text(connection.options) o WHERE o.key = ANY (_wh_internal.settable_settings());
    RETURN settings || coalesce(own, '{}');
EXCEPTION WHEN invalid_text_representation THEN
    RAISE EXCEPTION 'connection "%": row_security must be on or off, not %', connection.tenant_name,
        connection.options ->> 'row_security'
        USING ERRCODE = 'invalid_parameter_value';
END
$$;
