CREATE OR REPLACE FUNCTION _wh_internal.adopt_settle(wanted_template text, wanted_schema text)
    RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Move a yearly table of a feed by hand to _wh_data, and put a view in its place; true if there may be more.
-- Views by hand read the table wherever it is, so that no report waits for more than this year, and a moment.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(wanted_template, wanted_schema);
    relation oid;
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.lock_view('public', wanted_template);
    PERFORM _wh_internal.lock_view(wanted_schema, wanted_template);
    SELECT u.relid INTO relation FROM _wh_internal.unsettled(feed) u ORDER BY u.relname LIMIT 1;
    IF relation IS NULL THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.settle_step(%L, %s)', feed, relation));
    RETURN true;
END
$$;
