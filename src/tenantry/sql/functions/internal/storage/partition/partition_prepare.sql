CREATE OR REPLACE FUNCTION _wh_internal.partition_prepare(feed _wh.feeds, first_day date, last_day date)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create the tables for some days before any of those days is locked. Creating a table takes the locks of
-- the views; a session that held a day's lock meanwhile could deadlock with one that holds those and waits
-- for the day. A table that a bulk load left without indexes gets them, because loads merge rows by them.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
BEGIN
    PERFORM _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.partition_finish(feed, _wh_internal.partition_leaf(feed, template, d::date))
    FROM generate_series(date_trunc('month', first_day::timestamp), last_day::timestamp, '1 month') d;
END
$$;
