CREATE OR REPLACE FUNCTION _wh_internal.adopt_settle(wanted_template text, wanted_schema text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Move the yearly tables of a feed by hand to _wh_data, and put views in their places. Views by hand read the
-- tables wherever they are, so that a report waits for its year at most, and for a moment.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(wanted_template, wanted_schema);
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.lock_view('public', wanted_template);
    PERFORM _wh_internal.lock_view(wanted_schema, wanted_template);
    IF EXISTS (SELECT FROM _wh_internal.unsettled(feed)) THEN
        PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.settle_step(%L, true)', feed));
    END IF;
END
$$;
