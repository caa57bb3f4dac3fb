CREATE OR REPLACE FUNCTION _wh_internal.shared_enter(feed _wh.feeds, template _wh.mv_templates)
    RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table that a tenant shares; a tenant that is new to it gets its view, and the public view shows it. The
-- table stays as it is: changing it here would block all tenants' reports while a source is asked.
DECLARE
    target regclass := _wh_internal.shared_table(template, feed.storage);
BEGIN
    IF _wh_internal.relation_kind(format('%I.%I', feed.schema_name,
        _wh_internal.fit_name(feed.template_name))) IS NULL THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
        PERFORM _wh_internal.settle_feed(feed);
        IF EXISTS (SELECT FROM _wh_internal.feed_relations(feed)) THEN
            RAISE EXCEPTION '%.% is kept in tables of its own, not in shared ones', feed.schema_name,
                feed.template_name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Move it: tenantry template set-storage %s %s', feed.template_name,
                feed.storage);
        END IF;
        PERFORM _wh_internal.storage_publish_public(template), _wh_internal.storage_publish_tenant(feed);
    END IF;
    RETURN target;
END
$$;
