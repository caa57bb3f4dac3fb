CREATE OR REPLACE FUNCTION _wh_internal.from_libpq(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A value of a connection by hand. The manual's functions write it into libpq's text as it is, so that
    -- one with blanks has quotes around it in the table.
    SELECT CASE WHEN value ~ E'^''(?:[^''\\\\]|\\\\.)*''$'
        THEN regexp_replace(substr(value, 2, length(value) - 2), E'\\\\(.)', E'\\1', 'g') ELSE value END
$$;
