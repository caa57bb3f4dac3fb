CREATE OR REPLACE FUNCTION _wh_internal.require_name(kind text, name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The name, or an error if PostgreSQL would cut it: two names cut to the same one would mean the same schema,
-- role or table.
BEGIN
    IF octet_length(name) > 63 THEN
        RAISE EXCEPTION '% name "%…" is longer than 63 bytes, the limit for names in PostgreSQL', kind,
            left(name, 40)
            USING ERRCODE = 'name_too_long', HINT = 'Choose a shorter name.';
    END IF;
    RETURN name;
END
$$;
