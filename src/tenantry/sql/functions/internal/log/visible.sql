CREATE OR REPLACE FUNCTION _wh_internal.visible(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
-- Make a text that a source may have written safe to store: at most 2,000 characters, with the characters
-- made visible that a terminal obeys or that make a text look like another one. Those are control characters
-- except line feed and tab, marks of the writing direction, and line separators.
DECLARE
    most CONSTANT integer := 2000;
    hidden CONSTANT text
        := E'[\\u0001-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c'
            '\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]';
    result text := left(words, most);
BEGIN
    IF result ~ hidden THEN
        result := (SELECT string_agg(CASE WHEN c !~ hidden THEN c WHEN ascii(c) < 256
            THEN E'\\x' || lpad(to_hex(ascii(c)), 2, '0')
                ELSE E'\\u' || lpad(to_hex(ascii(c)), 4, '0') END, '' ORDER BY place)
            FROM string_to_table(result, NULL) WITH ORDINALITY AS t(c, place));
    END IF;
    RETURN result || CASE WHEN length(words) > most
        THEN format(' ... (%s characters more)', length(words) - most) ELSE '' END;
END
$$;
