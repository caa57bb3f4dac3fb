CREATE OR REPLACE FUNCTION _wh_internal.raise_visible(state text, message text, detail text, hint text,
    context text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- For a handler that lets an error go on to psql, the server's log or what pg_cron keeps of a run: if a
-- source has put into it what they obey, or too much, raise it anew with that visible and without the
-- context, which dblink passes on as well. Else return: the handler raises it again as it is.
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
