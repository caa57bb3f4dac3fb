CREATE OR REPLACE FUNCTION _wh_internal.written(kind text, word text, gap boolean DEFAULT true) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A token as SQL, with a blank if there was a gap before it. A name without quotes stays without quotes,
    -- since it may be a keyword.
    SELECT CASE WHEN gap THEN ' ' ELSE '' END || CASE kind WHEN 'quoted'
        THEN format('"%s"', replace(word, '"', '""')) ELSE word END
$$;
