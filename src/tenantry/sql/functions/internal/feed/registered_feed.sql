CREATE OR REPLACE FUNCTION _wh_internal.registered_feed(template_name text, tenant text) RETURNS _wh.feeds
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The feed of an existing template and tenant, enabled or disabled. Nothing is created for others, or for a
-- tenant that is being dropped.
DECLARE
    feed _wh.feeds;
BEGIN
    SELECT f.* INTO feed FROM _wh.feeds f JOIN _wh.tenants t USING (schema_name)
        JOIN _wh.mv_templates m ON m.template_name = f.template_name
    WHERE f.template_name = registered_feed.template_name AND f.schema_name = tenant
        AND t.dropping_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no tenant "%" has template "%"', tenant, template_name
            USING ERRCODE = 'undefined_object',
            HINT = 'Ask whadmin to add it.';
    END IF;
    RETURN feed;
END
$$;
