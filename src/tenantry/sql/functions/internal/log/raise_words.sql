CREATE OR REPLACE FUNCTION _wh_internal.raise_words(state text, message text, detail text, hint text,
    mark text DEFAULT '') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error with this text; `mark` is its CONSTRAINT. An empty detail or hint is left out, because it
-- would be printed as an empty line.
BEGIN
    IF coalesce(detail, '') = '' AND coalesce(hint, '') = '' THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state, CONSTRAINT = mark;
    ELSIF coalesce(detail, '') = '' THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint, CONSTRAINT = mark;
    ELSIF coalesce(hint, '') = '' THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state, DETAIL = detail, CONSTRAINT = mark;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, DETAIL = detail, HINT = hint, CONSTRAINT = mark;
END
$$;
