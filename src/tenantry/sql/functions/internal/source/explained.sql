CREATE OR REPLACE FUNCTION _wh_internal.explained(failure text, state text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A source's error, with what to do if a row security policy is the cause. By default, only all rows
    -- count as the truth.
    SELECT failure || CASE WHEN state = '42501' AND failure LIKE '%row-level security policy%'
        THEN ': give the login at the source BYPASSRLS, or set the option row_security=on of the connection '
        'to load only the rows that the policy shows'
        ELSE '' END
$$;
