CREATE OR REPLACE FUNCTION _wh_internal.read_indexes(script text, view_name text)
RETURNS TABLE (head text, index_name text, rest text, statement text)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The statements of a text of CREATE INDEX whose placeholders are pg_temp and view_name: CREATE [UNIQUE]
-- INDEX, the name, and what follows the table, as SQL. None of the words is a semicolon, so everything is
-- part of one statement, whatever it says. If a statement is not a CREATE INDEX, it is returned without a
-- head; if it is for another table, without a rest.
DECLARE
    kinds text[];
    words text[];
    gaps boolean[];
    -- The words as keywords; NULL for quoted ones.
    bare text[];
    first integer := 1;
    i integer;
BEGIN
    SELECT array_agg(t.kind ORDER BY t.n), array_agg(t.word ORDER BY t.n), array_agg(t.gap ORDER BY t.n),
        array_agg(CASE t.kind WHEN 'word' THEN lower(t.word) WHEN 'sign' THEN t.word END ORDER BY t.n)
    INTO kinds, words, gaps, bare FROM _wh_internal.tokens(script || E'\n;') t;
    FOR stop IN 1 .. cardinality(words) LOOP
        CONTINUE WHEN bare[stop] IS DISTINCT FROM ';';
        IF stop > first THEN
            head := NULL;
            index_name := NULL;
            rest := NULL;
            SELECT ltrim(string_agg(_wh_internal.written(kinds[n], words[n], gaps[n]), '' ORDER BY n))
                INTO statement FROM generate_series(first, stop - 1) n;
            i := first + 1;
            IF bare[first] = 'create' AND bare[i] = 'unique' THEN
                i := i + 1;
            END IF;
            IF bare[first] = 'create' AND bare[i] = 'index' THEN
                head := CASE WHEN bare[i - 1] = 'unique' THEN 'CREATE UNIQUE INDEX' ELSE 'CREATE INDEX' END;
                i := i + 1;
                IF bare[i] = 'concurrently' THEN
                    head := head || ' CONCURRENTLY';
                    i := i + 1;
                END IF;
                IF bare[i : i + 2] = ARRAY['if', 'not', 'exists'] THEN
                    i := i + 3;
                END IF;
                IF bare[i] IS DISTINCT FROM 'on' AND kinds[i] IN ('word', 'quoted') THEN
                    index_name := _wh_internal.written(kinds[i], words[i], false);
                    i := i + 1;
                END IF;
                IF bare[i] = 'on' THEN
                    i := i + CASE bare[i + 1] WHEN 'only' THEN 2 ELSE 1 END;
                    IF coalesce(bare[i], words[i]) = 'pg_temp' AND bare[i + 1] = '.' THEN
                        i := i + 2;
                    END IF;
                    IF kinds[i] IN ('word', 'quoted') AND coalesce(bare[i], words[i]) = view_name
                        AND bare[i + 1] IS DISTINCT FROM '.' THEN
                        SELECT coalesce(string_agg(_wh_internal.written(kinds[n], words[n], gaps[n]), ''
                            ORDER BY n), '') INTO rest
                        FROM generate_series(i + 1, stop - 1) n;
                    END IF;
                END IF;
            END IF;
            RETURN NEXT;
        END IF;
        first := stop + 1;
    END LOOP;
END
$$;
