CREATE OR REPLACE FUNCTION _wh_internal.tokens(script text)
    RETURNS TABLE (n integer, kind text, word text, gap boolean)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The words of a SQL text, split in the same places as PostgreSQL's own scanner does, with
-- standard_conforming_strings on. Kinds: word (a name or keyword without quotes), quoted (a quoted name,
-- without the quotes), literal, number, and sign (one character). Comments are left out; `gap` means that a
-- comment or a blank comes before the word. Anything unclosed, or that the scanner could read in more than
-- one way, is refused. A long text is read through a window, which grows if a word may continue behind it.
DECLARE
    rest text := '';
    beyond text := coalesce(script, '');
    taken text;
    unclosed text;
    tail integer;
    depth integer;
    nearest integer;
    before text := '';
BEGIN
    n := 0;
    gap := false;
    LOOP
        IF beyond <> '' AND (unclosed IS NOT NULL OR length(rest) < 500) THEN
            nearest := length(rest) + 2000;
            rest := rest || left(beyond, nearest);
            beyond := substr(beyond, nearest + 1);
        ELSIF unclosed IS NOT NULL THEN
            RAISE EXCEPTION '%', unclosed USING ERRCODE = 'syntax_error';
        END IF;
        EXIT WHEN rest = '';
        unclosed := NULL;
        -- The longest of these counts, as for the scanner.
        taken := substring(rest
            FROM E'^(?:(?:[ \\t\\n\\r\\f\\v]|--[^\\n\\r]*)+|[eE]''(?:[^''\\\\]|\\\\.|'''')*''|(?:[uU]&|'
            '[nNbBxX])?''(?:[^'']|'''')*''|(?:[uU]&)?"(?:[^"]|"")*"|(?:[A-Za-z_]|'
                '[^\\x01-\\x7f])(?:[A-Za-z0-9_$]|[^\\x01-\\x7f])*|[0-9][A-Za-z0-9_.]*)');
        IF taken IS NOT NULL THEN
            kind := CASE WHEN taken ~ E'^(?:[ \\t\\n\\r\\f\\v]|--)' THEN NULL WHEN right(taken, 1) = ''''
                THEN 'literal'
                WHEN right(taken, 1) = '"' THEN 'quoted' WHEN taken ~ '^[0-9]' THEN 'number' ELSE 'word' END;
            IF kind = 'word'
                AND (substr(rest, length(taken) + 1, 1) = '''' OR taken ~ '^[uU]$'
                AND substr(rest, 2, 2) ~ '^&[''"]') THEN
                unclosed := 'unterminated quoted ' || CASE WHEN rest ~ '^U&"' THEN 'identifier'
                    ELSE 'string' END;
            END IF;
        ELSIF rest LIKE '/*%' THEN
            -- Comments can be nested.
            kind := NULL;
            tail := 3;
            depth := 1;
            WHILE depth > 0 LOOP
                nearest := regexp_instr(rest, E'/\\*|\\*/', tail);
                IF nearest = 0 THEN
                    unclosed := 'unterminated comment';
                    EXIT;
                END IF;
                depth := depth + CASE substr(rest, nearest, 1) WHEN '/' THEN 1 ELSE -1 END;
                tail := nearest + 2;
            END LOOP;
            taken := left(rest, tail - 1);
        ELSIF rest LIKE '$%' THEN
            kind := 'literal';
            taken := substring(rest
                FROM E'^\\$(?:(?:[A-Za-z_]|[^\\x01-\\x7f])(?:[A-Za-z0-9_]|[^\\x01-\\x7f])*)?\\$');
            tail := strpos(substr(rest, length(taken) + 1), taken);
            IF taken IS NULL OR tail = 0 THEN
                unclosed := CASE WHEN taken IS NULL THEN 'unexpected "$"'
                    ELSE 'unterminated dollar-quoted string' END;
            ELSE
                taken := left(rest, 2 * length(taken) + tail - 1);
            END IF;
        ELSE
            kind := 'sign';
            taken := left(rest, 1);
            IF taken IN ('''', '"') THEN
                unclosed := 'unterminated quoted ' || CASE taken WHEN '"' THEN 'identifier' ELSE 'string' END;
            END IF;
        END IF;
        -- It may continue: as a longer word, or as the second half of a quote.
        IF beyond <> '' AND length(taken) + 2 >= length(rest) THEN
            unclosed := 'it ends too early';
        END IF;
        CONTINUE WHEN unclosed IS NOT NULL;
        rest := substr(rest, length(taken) + 1);
        IF kind IS NULL THEN
            gap := true;
            CONTINUE;
        END IF;
        -- After E'…', PostgreSQL reads a string on the next line as a continuation, by the same rules.
        IF kind = 'literal'
            AND (NOT gap AND before IN ('word', 'number', 'literal', 'escaped') OR before = 'escaped'
            AND taken LIKE '''%') THEN
            RAISE EXCEPTION 'unexpected string: %', left(taken, 40) USING ERRCODE = 'syntax_error';
        END IF;
        n := n + 1;
        word := taken;
        IF kind = 'quoted' THEN
            word := replace(regexp_replace(taken, '^(?:[uU]&)?"(.*)"$', E'\\1'), '""', '"');
            IF taken NOT LIKE '"%' THEN
                word := unistr(word);
            END IF;
            IF word = '' THEN
                RAISE EXCEPTION 'zero-length delimited identifier' USING ERRCODE = 'syntax_error';
            END IF;
        END IF;
        RETURN NEXT;
        before := CASE WHEN kind = 'literal' AND taken ~ '^[eE]' THEN 'escaped' ELSE kind END;
        gap := false;
    END LOOP;
END
$$;
