CREATE OR REPLACE FUNCTION _wh_internal.matview_publish_tenant(feed _wh.feeds, afterwards text DEFAULT '',
    beforehand text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the tenant view up to date with the existing slices. `beforehand` and `afterwards` are statements,
-- such as dropping what the view no longer reads. The step takes and releases all its locks together, so it
-- cannot deadlock with a report or with another such step.
DECLARE
    name text := _wh_internal.fit_name(feed.template_name);
    before text := _wh_internal.view_written(feed.schema_name, name);
BEGIN
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.replace_tenant_view(%L, %L, %L)',
        feed, afterwards, beforehand));
    RETURN before IS DISTINCT FROM _wh_internal.view_written(feed.schema_name, name);
END
$$;
