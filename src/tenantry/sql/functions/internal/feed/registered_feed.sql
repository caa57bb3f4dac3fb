CREATE OR REPLACE FUNCTION _wh_internal.registered_feed(template_name text, tenant text) RETURNS _wh.feeds
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The feed of a template and a tenant that are at work; nothing is made for others.
DECLARE
    feed _wh.feeds;
BEGIN
    SELECT f.* INTO feed FROM _wh.feeds f JOIN _wh.tenants t USING (schema_name) JOIN _wh.mv_templates m ON m.template_name = f.template_name
    WHERE f.template_name = registered_feed.template_name AND f.schema_name = tenant AND t.disabled_at IS NULL AND t.dropping_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant "%" has no template "%" that is at work', tenant, template_name USING ERRCODE = 'undefined_object',
            HINT = 'Let whadmin add the tenant, or enable it.';
    END IF;
    RETURN feed;
END
$$;
