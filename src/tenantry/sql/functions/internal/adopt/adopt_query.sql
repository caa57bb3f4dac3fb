CREATE OR REPLACE FUNCTION _wh_internal.adopt_query(definition text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The source's query in the definition of a day by hand, or NULL if the definition is not exactly what
    -- the manual's functions write: all columns of one call of dblink.
    SELECT replace(CASE p.parts[1] WHEN 'E' THEN replace(p.parts[2], E'\\\\', E'\\') ELSE p.parts[2] END,
        '''''', '''')
    FROM regexp_match(definition,
        E'^\\s*SELECT (?:(?:[\\w$]+|"(?:[^"]|"")*"|\\.),?\\s*)+?FROM (?:[\\w$]+\\.|"(?:[^"]|"")*"\\.)?'
        || E'dblink\\(E?''(?:[^'']|'''')*''::text, (E?)''((?:[^'']|'''')*)''::text\\)'
        || E' (?:[\\w$]+|"(?:[^"]|"")*")\\((?:[^''"]|"(?:[^"]|"")*")*\\);$') p (parts)
    WHERE p.parts IS NOT NULL
$$;
