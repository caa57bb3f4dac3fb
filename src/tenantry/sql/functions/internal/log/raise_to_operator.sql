CREATE OR REPLACE FUNCTION _wh_internal.raise_to_operator(state text, mark text, message text, detail text,
    hint text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- For a handler in a function for operators: raise what a source has said anew, visible and without its
-- context, a cancel by the source as its failure (HV000). Else, after a cancel of this session, return: the
-- handler raises it again as it is.
BEGIN
    IF NOT _wh_internal.is_own_cancel(state, mark) THEN
        PERFORM _wh_internal.raise_words(CASE state WHEN '57014' THEN 'HV000' ELSE state END,
            _wh_internal.visible(message), _wh_internal.visible(detail), _wh_internal.visible(hint));
    END IF;
END
$$;
