CREATE OR REPLACE FUNCTION _wh_internal.shared_prepare(feed _wh.feeds, first_day date, last_day date)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create the tables for some days before any of those days is locked: see partition_prepare.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.shared_enter(feed, template);
    PERFORM _wh_internal.shared_leaf(feed, template, d::date)
    FROM generate_series(date_trunc('month', first_day::timestamp), last_day::timestamp, '1 month') d;
END
$$;
