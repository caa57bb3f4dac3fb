CREATE OR REPLACE FUNCTION _wh_internal.publish_tenant(feed _wh.feeds, afterwards text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the tenant view up to date with the slices that are there; true if it had to change. `afterwards` are statements
-- that belong to the same step, such as dropping what the view no longer reads.
DECLARE
    template _wh.mv_templates;
    columns _wh.template_columns[] := _wh_internal.feed_columns(feed);
    view_name text := _wh_internal.fit_name(feed.template_name);
    reshaped boolean;
    changed boolean;
BEGIN
    SELECT * INTO template FROM _wh.mv_templates t WHERE t.template_name = feed.template_name;
    IF template.storage <> 'matview' THEN
        PERFORM _wh_internal.storage_unknown(template);
    END IF;
    -- Other columns mean that the public view, which reads this one, has to let go of it for a moment.
    reshaped := template.template_name IS NOT NULL AND _wh_internal.view_columns('public', view_name) IS NOT NULL
        AND _wh_internal.view_columns(feed.schema_name, view_name) <> _wh_internal.columns_shape(columns);
    IF reshaped THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        PERFORM _wh_internal.execute_patiently(format('CREATE OR REPLACE VIEW public.%1$I AS %2$s; COMMENT ON VIEW public.%1$I IS NULL',
            view_name, _wh_internal.blank_view('public', view_name)));
    END IF;
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    changed := _wh_internal.replace_view(feed.schema_name, view_name, _wh_internal.matview_union(feed, template, columns), afterwards);
    IF reshaped THEN
        PERFORM _wh.update_public_view_by_template(feed.template_name);
    END IF;
    RETURN changed;
END
$$;
