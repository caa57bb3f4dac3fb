CREATE OR REPLACE FUNCTION _wh_internal.hold_records(feed _wh.feeds, first_day date, last_day date)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Before rows of some days are merged: a session that moves a row out of these days in the meantime waits for
-- this transaction, and then clears their digests.
BEGIN
    PERFORM FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date BETWEEN first_day AND last_day ORDER BY s.slice_date FOR UPDATE;
END
$$;
