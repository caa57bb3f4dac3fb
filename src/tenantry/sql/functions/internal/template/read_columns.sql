CREATE OR REPLACE FUNCTION _wh_internal.read_columns(definitions text)
    RETURNS TABLE (column_name text, data_type text)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The columns of a list as in CREATE TABLE: names and types as SQL, built only from names, numbers, and the
-- signs that a type may contain. PostgreSQL decides what they mean, and can read each in only one way: no
-- comma or parenthesis can end the list.
DECLARE
    token record;
    inside text := '';
BEGIN
    FOR token IN SELECT t.* FROM _wh_internal.tokens(definitions) t LOOP
        IF token.word = ',' AND token.kind = 'sign' AND inside = '' THEN
            IF data_type IS NULL THEN
                RAISE EXCEPTION '%',
                    coalesce(format('column %s has no type', column_name),
                    'a column is missing before a comma') USING ERRCODE = 'syntax_error';
            END IF;
            RETURN NEXT;
            column_name := NULL;
            data_type := NULL;
        ELSIF column_name IS NULL AND token.kind IN ('word', 'quoted') THEN
            column_name := _wh_internal.written(token.kind, token.word, false);
        ELSIF column_name IS NOT NULL AND (CASE inside
            WHEN '' THEN token.kind IN ('word', 'quoted') OR token.kind = 'sign'
            AND token.word IN ('.', '(', '[') AND data_type IS NOT NULL
            WHEN '[' THEN token.word ~ '^[0-9]+$' OR token.word = ']' AND token.kind = 'sign'
            ELSE token.kind IN ('word', 'quoted') OR token.word ~ '^[0-9]+$' OR token.word IN (',', '-', ')')
                AND token.kind = 'sign' END)
        THEN
            data_type := coalesce(data_type, '') || _wh_internal.written(token.kind, token.word,
                data_type IS NOT NULL);
            inside := CASE WHEN token.kind <> 'sign' THEN inside WHEN token.word IN ('(', '[') THEN token.word
                WHEN token.word IN (')', ']') THEN '' ELSE inside END;
        ELSE
            RAISE EXCEPTION 'unexpected %',
                left(_wh_internal.written(token.kind, token.word, false), 40) USING ERRCODE = 'syntax_error';
        END IF;
    END LOOP;
    IF data_type IS NULL OR inside <> '' THEN
        RAISE EXCEPTION '%', CASE WHEN column_name IS NULL THEN 'a column is missing at the end'
            WHEN inside <> '' THEN format('%s is not closed', inside)
            ELSE format('column %s has no type', column_name) END USING ERRCODE = 'syntax_error';
    END IF;
    RETURN NEXT;
END
$$;
