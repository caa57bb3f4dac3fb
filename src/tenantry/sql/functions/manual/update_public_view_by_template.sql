CREATE OR REPLACE FUNCTION _wh.update_public_view_by_template(template_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    gone _wh.feeds[];
    feed _wh.feeds;
    changed boolean;
BEGIN
    PERFORM _wh_internal.lock_view('public', template.template_name);
    PERFORM _wh_internal.hold_template_tenants(ARRAY[template.template_name]);
    -- If a schema was dropped by hand, its tenant is removed as well.
    gone := ARRAY(SELECT f FROM _wh.feeds f WHERE to_regnamespace(quote_ident(f.schema_name)) IS NULL);
    DELETE FROM _wh.tenants t WHERE to_regnamespace(quote_ident(t.schema_name)) IS NULL;
    DELETE FROM _wh.published_views v WHERE to_regclass(format('%I.%I', v.schema_name, v.view_name)) IS NULL;
    DELETE FROM _wh.view_comments v WHERE to_regclass(format('%I.%I', v.schema_name, v.view_name)) IS NULL;
    IF _wh_internal.relation_kind(format('public.%I', _wh_internal.fit_name(template.template_name))) = 'p'
    THEN
        PERFORM _wh_internal.settle_feed(f) FROM _wh.feeds f WHERE f.template_name = template.template_name;
    END IF;
    changed := _wh_internal.storage_publish_public(template);
    PERFORM _wh_internal.describe_tenant_views(template);
    FOREACH feed IN ARRAY gone LOOP
        IF feed.template_name <> template.template_name
            AND EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = feed.template_name) THEN
            PERFORM _wh.update_public_view_by_template(feed.template_name);
        END IF;
        PERFORM _wh_internal.drop_kept(feed);
    END LOOP;
    PERFORM _wh_internal.write_log('update_public_view_by_template', 'INFO', 'public view updated',
        jsonb_build_object('template', template.template_name, 'changed', changed));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_public_view_by_template IS 'Bring the view over all tenants up to date, with '
    'a schema_name column';
