CREATE OR REPLACE FUNCTION _wh.update_foodlogstats(
    tenant_connection_name text, target_schema text,
    target_date timestamp DEFAULT (now() AT TIME ZONE 'UTC')::date,
    allow_refresh_yesterday boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    slice_date date := _wh_internal.checked_day(target_date, 'foodlogstats');
    feed _wh.feeds := _wh_internal.open_feed('foodlogstats', tenant_connection_name, target_schema,
        by_manual => true);
BEGIN
    RETURN jsonb_build_object('success', true)
        || _wh_internal.update_slice(feed, slice_date, 'update_foodlogstats', allow_refresh_yesterday, true);
END
$$;
COMMENT ON FUNCTION _wh.update_foodlogstats IS 'Legacy: update_mv_by_template for foodlogstats, with a '
    'summary as its result';
