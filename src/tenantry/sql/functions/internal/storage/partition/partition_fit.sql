CREATE OR REPLACE FUNCTION _wh_internal.partition_fit(feed _wh.feeds, template _wh.mv_templates, kind text,
    relname text, slice_date date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    target regclass := _wh_internal.kept_relation(relname)::regclass;
BEGIN
    IF kind = 'ranges' THEN
        -- Locks the tenant exclusively, and then checks again.
        PERFORM _wh_internal.partition_rerange(feed, template);
    ELSIF NOT _wh_internal.hold_unfit(feed, kind, relname, slice_date) THEN
        RETURN;
    ELSIF kind = 'columns' THEN
        PERFORM _wh_internal.storage_publish_tenant(feed);
        PERFORM _wh.update_public_view_by_template(feed.template_name);
    ELSIF kind = 'former' THEN
        PERFORM _wh_internal.execute_patiently(format('DROP TABLE %s', target));
    ELSE
        PERFORM _wh_internal.fit_indexes(feed, target);
    END IF;
END
$$;
