CREATE OR REPLACE FUNCTION _wh.update_mv_window_by_template(
    template_name text, tenant_connection_name text, target_schema text, start_date timestamp,
    end_date timestamp,
    only_changed boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM _wh_internal.checked_window(start_date, end_date, template_name);
    RETURN _wh_internal.run_window(_wh_internal.open_feed(template_name, tenant_connection_name,
        target_schema, by_manual => true),
        start_date, end_date, 'update_mv_window_by_template', only_changed => only_changed);
END
$$;
COMMENT ON FUNCTION _wh.update_mv_window_by_template IS
    'Pull the slices of the days from start_date to end_date, both included, or only those that changed at '
    'the source; a summary with date_results, or an error if no day worked';
