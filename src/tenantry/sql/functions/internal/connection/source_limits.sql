CREATE OR REPLACE FUNCTION _wh_internal.source_limits(options jsonb, OUT deadline float8,
    OUT max_bytes bigint, OUT max_row_bytes bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- How much the loader lets a source send at once, from the options of its connection: seconds (NULL for no
-- limit), and bytes in total and for a single row. Tenantry enforces the deadline, not the source. By
-- default, it is a minute more than statement_timeout, so that a source that enforces its own timeout reports
-- it first. If a statement_timeout cannot be read, the source will refuse it.
DECLARE
    given text := coalesce(options ->> 'deadline', substring(options ->> 'statement_timeout'
        FROM E'^\\s*\\d+\\s*(?:us|ms|s|min|h|d)?\\s*$'), '30min');
    key text := 'deadline';
BEGIN
    -- A number without a unit means milliseconds, as for statement_timeout.
    deadline := nullif(extract(epoch FROM CASE WHEN given ~ E'^\\s*\\d+\\s*$' THEN given || 'ms'
        ELSE given END::interval), 0);
    IF options ->> 'deadline' IS NULL THEN
        deadline := deadline + 60;
    END IF;
    key := 'max_bytes';
    max_bytes := pg_size_bytes(coalesce(options ->> key, '16GB'));
    key := 'max_row_bytes';
    max_row_bytes := pg_size_bytes(coalesce(options ->> key, '64MB'));
EXCEPTION WHEN data_exception THEN
    RAISE EXCEPTION 'option % cannot be read: %', key, SQLERRM USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Write deadline as 30min or 90s, max_bytes and max_row_bytes as 16GB or 64MB.';
END
$$;
