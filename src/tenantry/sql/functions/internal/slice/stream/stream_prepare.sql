CREATE OR REPLACE FUNCTION _wh_internal.stream_prepare(feed _wh.feeds, first_day date, bulk boolean)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Before the loader pulls some days of one table: create that table (without indexes for a bulk load, see
-- unindexed_tables). Run it in its own transaction, because creating a table locks its parent.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
BEGIN
    IF NOT (_wh_internal.storage_traits((_wh_internal.hold_feed(feed)).storage)).streams THEN
        RAISE EXCEPTION '%.% was moved in the meantime to a storage that days cannot be copied into',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the same command again.';
    END IF;
    PERFORM _wh_internal.extend_span(feed, first_day);
    PERFORM _wh_internal.storage_stream_prepare(feed, template, first_day, bulk);
END
$$;
