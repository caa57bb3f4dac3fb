CREATE OR REPLACE FUNCTION _wh_internal.show_year(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, things jsonb, afterwards text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the tenant's view read a yearly table in place of its slices, and run `afterwards` in the same step.
-- `things` is what operators have added to the slices.
BEGIN
    PERFORM _wh_internal.matview_publish_tenant(feed, afterwards);
    PERFORM _wh_internal.publish_years(feed);
    -- Roles that could read the slices can read their year.
    PERFORM _wh_internal.put_back(format('%I.%I', feed.schema_name,
        _wh_internal.yearly_name(template.template_name, target_year)),
        (SELECT coalesce(jsonb_agg(t.value), '[]') FROM jsonb_array_elements(things) t
        WHERE t.value ->> 'item' LIKE 'right %'));
END
$$;
