CREATE OR REPLACE FUNCTION _wh_internal.side_feed(feed _wh.feeds, prefix text) RETURNS _wh.feeds
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The feed under another template name. Relations beside it while it is moved (tenantry_move_) or after that
-- (tenantry_old_) are named and found by it.
BEGIN
    feed.template_name := prefix || feed.template_name;
    IF EXISTS (SELECT FROM _wh.feeds f
        WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name) THEN
        RAISE EXCEPTION 'tenant "%" has a template "%", whose names a move needs', feed.schema_name,
            feed.template_name
            USING ERRCODE = 'duplicate_object';
    END IF;
    RETURN feed;
END
$$;
