CREATE OR REPLACE FUNCTION _wh_internal.hold_feed(feed _wh.feeds) RETURNS _wh.feeds
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- hold_tenant, for a feed that was found before: whoever waited for a drop hears of it, and who waited for a
-- move gets the feed as it is kept now.
DECLARE
    held _wh.feeds;
BEGIN
    PERFORM _wh_internal.hold_tenant(feed.schema_name);
    SELECT f.* INTO held FROM _wh.feeds f
        WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant "%" was dropped meanwhile', feed.schema_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN held;
END
$$;
