CREATE OR REPLACE FUNCTION _wh_internal.pins() RETURNS TABLE (name text, value text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The settings that change what a function's text means, or what it reads and writes, with the values
    -- that apply while Tenantry's code runs, whatever a database, a role, a session or an operator's
    -- environment says. This is the one list, for functions that are called from outside (pin_routines), for
    -- procedures that commit (pin), and for the program's own sessions. Names are spelled as PostgreSQL
    -- spells them. Settings that a server does not have are left out.
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
        -- These tell a caller how a function works: plans with their constants, one of which may be a
        -- password.
        ('debug_print_parse', 'off'), ('debug_print_rewritten', 'off'), ('debug_print_plan', 'off'),
        -- These end a statement that is otherwise correct.
        ('exit_on_error', 'off'), ('plpgsql.extra_errors', 'none'), ('restrict_nonsystem_relation_kind', ''),
        -- All rows, or an error if a policy hides some; never fewer rows without notice.
        ('row_security', 'off')
$$;
