CREATE OR REPLACE FUNCTION _wh_internal.raise_to_operator(state text, mark text, message text, detail text,
    hint text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- For a handler in a function for operators: raise a source's error again, with its characters made visible
-- and without its context. A cancel by the source counts as its failure (HV000). After a cancel of this
-- session, return: the handler raises that unchanged.
BEGIN
    IF NOT _wh_internal.is_own_cancel(state, mark) THEN
        PERFORM _wh_internal.raise_words(CASE state WHEN '57014' THEN 'HV000' ELSE state END,
            _wh_internal.visible(message), _wh_internal.visible(detail), _wh_internal.visible(hint));
    END IF;
END
$$;
