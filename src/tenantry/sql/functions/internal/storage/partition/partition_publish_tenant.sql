CREATE OR REPLACE FUNCTION _wh_internal.partition_publish_tenant(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The tenant's table holds its slices itself: only its columns may have to change.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    target regclass := to_regclass(format('%I.%I', feed.schema_name,
        _wh_internal.fit_name(feed.template_name)));
BEGIN
    IF _wh_internal.partition_outranged(template, target) IS NULL THEN
        PERFORM _wh_internal.fit_columns(template, _wh_internal.partition_tenant(feed, template));
    END IF;
    RETURN false;
END
$$;
