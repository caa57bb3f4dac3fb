CREATE OR REPLACE FUNCTION _wh.update_mv_core(
    tenant_connection_name text, target_schema text, target_date timestamp, base_view_name text,
    create_function_name text, allow_refresh_yesterday boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For create functions that operators wrote themselves: _wh.create_<base>_mv(connection, schema, base, date)
-- returns true.
DECLARE
    slice_date date := _wh_internal.checked_day(target_date, base_view_name);
    maker text := _wh_internal.find_function(create_function_name);
    feed _wh.feeds := _wh_internal.open_feed(base_view_name, tenant_connection_name, target_schema,
        without_template => true, by_manual => true);
BEGIN
    RETURN jsonb_build_object('success', true)
        || _wh_internal.update_slice(feed, slice_date, 'update_mv_core', allow_refresh_yesterday, true,
        maker);
END
$$;
COMMENT ON FUNCTION _wh.update_mv_core IS 'Pull one day through an operator''s own create function; a '
    'summary, or the error';
