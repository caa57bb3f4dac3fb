CREATE OR REPLACE FUNCTION _wh_internal.refuse_query(query text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error unless a query fits into parentheses and does not close them. What is sent to a source is
-- then one statement, whatever the query says.
DECLARE
    token record;
    depth integer := 0;
BEGIN
    FOR token IN SELECT t.word FROM _wh_internal.tokens(_wh_internal.bare_query(query)) t
        WHERE t.kind = 'sign' AND t.word IN ('(', ')', ';', '{', '}') LOOP
        IF token.word = ';' THEN
            RAISE EXCEPTION 'a ";" ends it early, and only one statement is allowed'
                USING ERRCODE = 'syntax_error';
        END IF;
        IF token.word IN ('{', '}') THEN
            RAISE EXCEPTION 'a placeholder is not in quotes' USING ERRCODE = 'syntax_error';
        END IF;
        depth := depth + CASE token.word WHEN '(' THEN 1 ELSE -1 END;
        IF depth < 0 THEN
            RAISE EXCEPTION 'a ")" has no matching "("' USING ERRCODE = 'syntax_error';
        END IF;
    END LOOP;
    IF depth > 0 THEN
        RAISE EXCEPTION 'a "(" is not closed' USING ERRCODE = 'syntax_error';
    END IF;
END
$$;
