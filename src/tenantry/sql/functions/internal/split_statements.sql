CREATE OR REPLACE FUNCTION _wh_internal.split_statements(script text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The statements of a text, without comments, so that each can be looked at before it is run. What is quoted in one way or
-- another is one word, whatever it holds. Quotes that are not closed are left to PostgreSQL's own parser to refuse.
DECLARE
    rest text := coalesce(script, '');
    word text;
    statement text := '';
    statements text[] := '{}'::text[];
    depth integer;
    tail integer;
BEGIN
    WHILE rest <> '' LOOP
        IF rest LIKE '--%' THEN
            word := substring(rest FROM E'^[^\\n\\r]*');
            statement := statement || ' ';
        ELSIF rest LIKE '/*%' THEN
            -- They may be nested.
            depth := 0;
            tail := 1;
            LOOP
                word := substr(rest, tail, 2);
                depth := depth + CASE word WHEN '/*' THEN 1 WHEN '*/' THEN -1 ELSE 0 END;
                tail := tail + CASE WHEN word IN ('/*', '*/') THEN 2 ELSE 1 END;
                EXIT WHEN depth = 0 OR word = '';
            END LOOP;
            word := left(rest, tail - 1);
            statement := statement || ' ';
        ELSIF rest LIKE ';%' THEN
            word := ';';
            statements := statements || statement;
            statement := '';
        ELSE
            word := substring(rest FROM E'^\\$(?:[[:alpha:]_][[:alnum:]_]*)?\\$');
            IF word IS NOT NULL THEN
                tail := strpos(substr(rest, length(word) + 1), word);
                word := CASE tail WHEN 0 THEN rest ELSE left(rest, 2 * length(word) + tail - 1) END;
            END IF;
            word := coalesce(word,
                substring(rest FROM E'^[eE]''(?:[^''\\\\]|\\\\.|'''')*'''),
                substring(rest FROM '^(?:[uU]&|[nNbBxX])?''(?:[^'']|'''')*'''),
                substring(rest FROM '^(?:[uU]&)?"(?:[^"]|"")*"'),
                substring(rest FROM '^(?:[[:alnum:]_$]|[^[:ascii:]])+'),
                left(rest, 1));
            statement := statement || word;
        END IF;
        rest := substr(rest, length(word) + 1);
    END LOOP;
    RETURN ARRAY(SELECT btrim(s.text, E' \t\n\r\f') FROM unnest(statements || statement) WITH ORDINALITY AS s (text, n)
        WHERE btrim(s.text, E' \t\n\r\f') <> '' ORDER BY s.n);
END
$$;
