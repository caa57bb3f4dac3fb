CREATE OR REPLACE FUNCTION _wh_internal.extend_span(feed _wh.feeds, day date, chosen boolean DEFAULT false)
    RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Let a feed's span begin on a day, if it begins later or not at all. Called before that day is loaded, so
-- that an interrupted load leaves missing days. `chosen`: the user wants no earlier day; that counts for a
-- span that begins now. The row stays locked, so call it before locking a view or a slice.
BEGIN
    UPDATE _wh.feeds f SET first_day = least(day, _wh_internal.first_day(f)),
        first_day_chosen = CASE WHEN f.first_day IS NULL THEN chosen ELSE f.first_day_chosen END
    WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name
        AND (f.first_day IS NULL OR f.first_day > day);
END
$$;
