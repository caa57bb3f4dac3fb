CREATE OR REPLACE FUNCTION _wh_internal.selects_all(query text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- Whether the select list of a query contains a star: * or t.*. Comments, strings, quoted names and
-- everything in parentheses are removed first, so a star in a subquery or in count(*) does not count.
DECLARE
    rest text := regexp_replace(query, E'--[^\\n]*|/\\*.*?\\*/|''(?:[^'']|'''')*''|"(?:[^"]|"")*"', 'x', 'g');
    outer_part text;
BEGIN
    LOOP
        outer_part := regexp_replace(rest, E'\\([^()]*\\)', ' x ', 'g');
        EXIT WHEN outer_part = rest;
        rest := outer_part;
    END LOOP;
    RETURN rest ~* E'(^|,|\\m(select|all|distinct|x)\\M)\\s*([[:alnum:]_$]+\\s*\\.\\s*)*\\*\\s*(,|;|$|'
        '\\mfrom\\M)';
END
$$;
