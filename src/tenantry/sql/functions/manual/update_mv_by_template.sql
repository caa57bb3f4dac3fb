CREATE OR REPLACE FUNCTION _wh.update_mv_by_template(
    template_name text, tenant_connection_name text, target_schema text,
    target_date timestamp DEFAULT (now() AT TIME ZONE 'UTC')::date,
    allow_refresh_yesterday boolean DEFAULT true, update_union_view boolean DEFAULT true) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    slice_date date := _wh_internal.checked_day(target_date, template_name);
    feed _wh.feeds := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema,
        by_manual => true);
BEGIN
    PERFORM _wh_internal.update_slice(feed, slice_date, 'update_mv_by_template', allow_refresh_yesterday,
        update_union_view);
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_mv_by_template IS 'Pull the slice of one UTC day, new or again; true, or the '
    'source''s error';
