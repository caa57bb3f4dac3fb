CREATE OR REPLACE FUNCTION _wh_internal.storage_publish_tenant(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the tenant view, and those of folded years, up to date with what is kept; true if one had to change.
-- Lock no slice after this in the same transaction: other sessions lock the view after their slices.
DECLARE
    changed boolean;
BEGIN
    EXECUTE format('SELECT %s($1)', _wh_internal.storage_routine(feed.storage, 'publish_tenant'))
        USING feed INTO changed;
    PERFORM _wh_internal.describe_view(feed.schema_name, _wh_internal.fit_name(feed.template_name),
        (SELECT t FROM _wh.mv_templates t WHERE t.template_name = feed.template_name));
    RETURN _wh_internal.publish_years(feed) OR changed;
END
$$;
