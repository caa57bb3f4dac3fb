CREATE OR REPLACE FUNCTION _wh.update_mv_by_template(
    template_name text, tenant_connection_name text, target_schema text,
    target_date timestamp DEFAULT (now() AT TIME ZONE 'UTC')::date,
    allow_refresh_yesterday boolean DEFAULT true, update_union_view boolean DEFAULT true) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    slice_date date := _wh_internal.checked_day(target_date);
    feed _wh.feeds := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema);
BEGIN
    -- The last load of yesterday ran before its day had ended: pull what came after it, once.
    IF allow_refresh_yesterday AND slice_date = _wh.current_date_utc() AND EXISTS (
        SELECT FROM _wh.slices s WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = target_date::date - 1
            AND s.loaded_at < date_trunc('day', target_date) AT TIME ZONE 'UTC')
    THEN
        PERFORM _wh_internal.write_log('update_mv_by_template', 'INFO', 'yesterday completed',
            to_jsonb(feed) || _wh_internal.load_slice(feed, slice_date - 1));
    END IF;
    PERFORM _wh_internal.write_log('update_mv_by_template', 'INFO', 'slice loaded',
        to_jsonb(feed) || _wh_internal.load_slice(feed, slice_date));
    IF update_union_view THEN
        PERFORM _wh_internal.publish_tenant(feed);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_mv_by_template IS 'Pull the slice of one UTC day, new or again; true, or the source''s error';
