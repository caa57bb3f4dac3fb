CREATE OR REPLACE FUNCTION _wh.drop_template_override(template_name text, tenant text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Query a tenant's source with the template's query again; false if it had no query of its own.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
BEGIN
    DELETE FROM _wh.template_overrides o
        WHERE o.template_name = feed.template_name AND o.schema_name = feed.schema_name;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.write_log('drop_template_override', 'INFO', 'own query dropped', to_jsonb(feed));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.drop_template_override(text, text) IS
    'Query a tenant''s source with the template''s query again; false if it had no query of its own';
