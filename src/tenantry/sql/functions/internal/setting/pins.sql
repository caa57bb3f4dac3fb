CREATE OR REPLACE FUNCTION _wh_internal.pins() RETURNS TABLE (name text, value text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The settings that change what the text of a function means, or what it reads and writes, and what each
    -- is while one of ours runs: whatever a database, a role, a session or an operator's environment says.
    -- The one list: of the functions that are called from outside (pin_routines), of procedures that commit
    -- (pin), and of the program's own sessions. A name is written as PostgreSQL writes it. What a server does
    -- not have is left out.
    VALUES
        -- How dates, times, numbers, bytes and money are read and written.
        ('TimeZone', 'UTC'), ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'),
            ('extra_float_digits', '1'),
        ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('lc_numeric', 'C'), ('lc_time', 'C'),
        ('xmlbinary', 'base64'), ('xmloption', 'content'),
        -- How SQL is read, and how names are written.
        ('standard_conforming_strings', 'on'), ('backslash_quote', 'safe_encoding'),
            ('transform_null_equals', 'off'),
        ('array_nulls', 'on'), ('quote_all_identifiers', 'off'),
        -- What tells a caller how a function asks: plans with their constants, of which a password may be
        -- one.
        ('debug_print_parse', 'off'), ('debug_print_rewritten', 'off'), ('debug_print_plan', 'off'),
        -- What ends a statement that is right otherwise.
        ('exit_on_error', 'off'), ('plpgsql.extra_errors', 'none'), ('restrict_nonsystem_relation_kind', ''),
        -- All rows, or an error where a policy hides some: never fewer in silence.
        ('row_security', 'off')
$$;
