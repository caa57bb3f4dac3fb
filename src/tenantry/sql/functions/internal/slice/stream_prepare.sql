CREATE OR REPLACE FUNCTION _wh_internal.stream_prepare(feed _wh.feeds, first_day date, bulk boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Before the loader pulls some days of one table: make that table (a bulk load's without indexes, see partition_unindexed). In a
-- transaction of its own: making a table locks its parent.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
BEGIN
    IF (_wh_internal.hold_feed(feed)).storage <> 'partition' THEN
        RAISE EXCEPTION '%.% was moved to materialized views meanwhile', feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the same command again.';
    END IF;
    PERFORM _wh_internal.extend_span(feed, first_day);
    PERFORM _wh_internal.partition_columns(template, _wh_internal.partition_tenant(feed, template));
    PERFORM _wh_internal.fit_indexes(feed, _wh_internal.partition_leaf(feed, template, first_day, indexed => NOT bulk));
END
$$;
