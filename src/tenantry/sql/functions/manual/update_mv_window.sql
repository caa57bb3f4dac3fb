CREATE OR REPLACE FUNCTION _wh.update_mv_window(
    tenant_connection_name text, target_schema text, start_date timestamp, end_date timestamp,
    update_function_name text DEFAULT '_wh.update_foodlogstats') RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Legacy: the function may be one of the operators' own. _wh.update_<base> loads the slices
-- <base>_YYYY_MM_DD.
DECLARE
    update_function regproc := _wh_internal.find_function(update_function_name);
    base text := regexp_replace((SELECT p.proname FROM pg_proc p WHERE p.oid = update_function), '^update_',
        '');
BEGIN
    PERFORM _wh_internal.checked_window(start_date, end_date);
    RETURN _wh_internal.run_window(
        _wh_internal.open_feed(base, tenant_connection_name, target_schema, without_template => true,
            by_manual => true),
        start_date, end_date,
        'update_mv_window', CASE WHEN update_function <> '_wh.update_foodlogstats'::regproc
            THEN update_function::text END);
END
$$;
COMMENT ON FUNCTION _wh.update_mv_window IS
    'Legacy: pull a window of days through an update function; a summary with date_results, or an error if '
    'no day worked';
