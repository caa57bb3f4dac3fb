CREATE OR REPLACE FUNCTION _wh_internal.fit_name(value text, room integer DEFAULT 0) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
-- A name that leaves `room` of PostgreSQL's 63 bytes free. A name that is too long is cut at a whole
-- character and ends in a hash, because PostgreSQL's own cut could turn two long names into the same one.
DECLARE
    most integer := 63 - room;
    size integer := length(value);
BEGIN
    IF octet_length(value) <= most THEN
        RETURN value;
    END IF;
    size := least(size, most - 9);
    WHILE octet_length(left(value, size)) > most - 9 LOOP
        size := size - 1;
    END LOOP;
    RETURN left(value, size) || '_' || left(md5(value), 8);
END
$$;
