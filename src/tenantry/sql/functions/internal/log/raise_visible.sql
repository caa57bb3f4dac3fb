CREATE OR REPLACE FUNCTION _wh_internal.raise_visible(state text, message text, detail text, hint text,
    context text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- For a handler that passes an error on to psql, the server's log or pg_cron's records. If the source has put
-- control characters or too much text into it, raise it as a new error that shows them, and without the
-- context, which dblink passes on as well. Otherwise return, and the handler raises the error again
-- unchanged.
BEGIN
    IF (_wh_internal.visible(message), _wh_internal.visible(detail), _wh_internal.visible(hint),
        _wh_internal.visible(context))
        IS DISTINCT FROM (message, detail, hint, context)
    THEN
        PERFORM _wh_internal.raise_words(state, _wh_internal.visible(message), _wh_internal.visible(detail),
            _wh_internal.visible(hint));
    END IF;
END
$$;
