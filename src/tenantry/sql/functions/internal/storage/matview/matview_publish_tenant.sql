CREATE OR REPLACE FUNCTION _wh_internal.matview_publish_tenant(feed _wh.feeds, afterwards text DEFAULT '',
    beforehand text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the tenant view up to date with the slices that are there. `beforehand` and `afterwards` are
-- statements such as dropping what the view no longer reads. The locks of the step are taken together and let
-- go together, so it can be in a ring neither with a report nor with another one.
DECLARE
    name text := _wh_internal.fit_name(feed.template_name);
    before text := _wh_internal.view_written(feed.schema_name, name);
BEGIN
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.replace_tenant_view(%L, %L, %L)',
        feed, afterwards, beforehand));
    RETURN before IS DISTINCT FROM _wh_internal.view_written(feed.schema_name, name);
END
$$;
