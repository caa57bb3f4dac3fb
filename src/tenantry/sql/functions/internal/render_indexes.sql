CREATE OR REPLACE FUNCTION _wh_internal.render_indexes(indexes text, schema_name text, view_name text,
    relation_name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The index statements of a template for one relation. A word with {SCHEMA} or {VIEW_NAME} in it becomes one quoted
-- identifier of at most 63 bytes (or one quoted literal), so that no name can end the word and begin a statement.
-- A relation that has another name for the time being is named by the word {VIEW_NAME} alone, not by longer words.
DECLARE
    rest text := coalesce(indexes, '');
    result text := '';
    found text;
    at integer;
    word text;
BEGIN
    LOOP
        found := substring(rest FROM '''[^'']*[{](?:SCHEMA|VIEW_NAME)[}][^'']*''|"[^"]*[{](?:SCHEMA|VIEW_NAME)[}][^"]*"|[[:alnum:]_$]*[{](?:SCHEMA|VIEW_NAME)[}](?:[[:alnum:]_$]|[{](?:SCHEMA|VIEW_NAME)[}])*');
        EXIT WHEN found IS NULL;
        at := strpos(rest, found);
        -- Both placeholders in one pass: a schema may be named "{VIEW_NAME}".
        SELECT string_agg(CASE p.part WHEN '{SCHEMA}' THEN schema_name WHEN '{VIEW_NAME}' THEN view_name ELSE p.part END, '' ORDER BY p.n)
        INTO word
        FROM (SELECT m[1] AS part, n FROM regexp_matches(btrim(found, '"'''), '[{]SCHEMA[}]|[{]VIEW_NAME[}]|[^{]+|[{]', 'g') WITH ORDINALITY AS r(m, n)) p;
        IF btrim(found, '"') = '{VIEW_NAME}' THEN
            word := coalesce(relation_name, view_name);
        END IF;
        result := result || left(rest, at - 1)
            || CASE WHEN found LIKE '''%' THEN quote_literal(word) ELSE quote_ident(_wh_internal.fit_name(word)) END;
        rest := substr(rest, at + length(found));
    END LOOP;
    RETURN result || rest;
END
$$;
