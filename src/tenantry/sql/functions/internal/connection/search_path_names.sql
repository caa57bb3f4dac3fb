CREATE OR REPLACE FUNCTION _wh_internal.search_path_names(search_path text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The schemas that a connection's search_path names. Raises an error unless it is a list of identifiers, as
-- in SQL, separated by commas.
DECLARE
    name CONSTANT text := E'(?:"(?:[^"[:cntrl:]]|"")+"|[[:alpha:]_$][[:alnum:]_$]*)';
BEGIN
    IF search_path !~ format(E'^ *%1$s *(, *%1$s *)*$', name) THEN
        RAISE EXCEPTION 'search_path is not a list of schemas: %', _wh_internal.visible(search_path)
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Separate the names by commas, and write names with capital letters or spaces in '
                'double quotes: shop, "Shop 2", public.';
    END IF;
    RETURN ARRAY(SELECT CASE WHEN m.found[1] LIKE '"%'
        THEN replace(substr(m.found[1], 2, length(m.found[1]) - 2), '""', '"')
        ELSE lower(m.found[1]) END FROM regexp_matches(search_path, name, 'g') AS m (found));
END
$$;
