CREATE OR REPLACE FUNCTION _wh_internal.explained(failure text, state text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What a source said, and for a row security policy what to do: only all rows are the truth, unless
    -- somebody says otherwise.
    SELECT failure || CASE WHEN state = '42501' AND failure LIKE '%row-level security policy%'
        THEN ': give the reader there BYPASSRLS, or the connection the option row_security=on, to take the '
        'rows that the policy shows it'
        ELSE '' END
$$;
