CREATE OR REPLACE FUNCTION _wh_internal.hold_feed(feed _wh.feeds) RETURNS _wh.feeds
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Like hold_tenant, for a feed that was found before: if the tenant was dropped during the wait, raise an
-- error; if it was moved, return the feed as it is now.
DECLARE
    held _wh.feeds;
BEGIN
    PERFORM _wh_internal.hold_tenant(feed.schema_name);
    SELECT f.* INTO held FROM _wh.feeds f
        WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant "%" was dropped in the meantime', feed.schema_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN held;
END
$$;
