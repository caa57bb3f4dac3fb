CREATE OR REPLACE FUNCTION _wh_internal.matview_replace(feed _wh.feeds, template _wh.mv_templates, slice_date date, old regclass) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a slice anew from the template as it is now, while the old one goes on serving the union view until the end.
DECLARE
    aside text := _wh_internal.fit_name('tenantry_old_' || slice_date || '_' || feed.template_name);
    fresh regclass;
    index regclass;
BEGIN
    EXECUTE format('ALTER MATERIALIZED VIEW %s RENAME TO %I', old, aside);
    FOR index IN SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = old LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', index, 'tenantry_old_' || index::oid);
    END LOOP;
    fresh := _wh_internal.matview_create(feed, template, slice_date);
    PERFORM _wh_internal.publish_tenant(feed, format('DROP MATERIALIZED VIEW %s', old));
    RETURN fresh;
END
$$;
