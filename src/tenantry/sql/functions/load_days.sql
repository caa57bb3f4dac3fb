CREATE OR REPLACE FUNCTION _wh.load_days(template_name text, tenant text, first_day date, last_day date,
    only_changed boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: load days of an existing feed from its own source. They name neither a connection nor a
-- function. A failed day raises no error, because that would undo its record; if the source does not answer,
-- that is the failure of the first day. Settings in which a session remembers whadmin's work are cleared,
-- because an operator's session could have set them.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
    mark text;
    reason text;
    detail text;
BEGIN
    PERFORM set_config('tenantry.days_of_tables', '', true), set_config('tenantry.patient', '', true),
        set_config('tenantry.source_names', '', true);
    PERFORM _wh_internal.operators_window(first_day, last_day, feed.template_name);
    PERFORM _wh_internal.audit('load_days',
        format('%s.%s %s %s', feed.schema_name, feed.template_name, first_day, last_day), 'begun');
    BEGIN
        RETURN _wh_internal.run_window(_wh_internal.open_feed(feed.template_name, feed.tenant_name,
            feed.schema_name),
            first_day, last_day, 'load_days', only_changed => coalesce(only_changed, false),
                tolerant => true);
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME, reason = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
        IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
            RAISE;
        END IF;
        -- dblink says in the detail why there is no connection.
        reason := concat_ws(': ', reason, CASE WHEN starts_with(SQLSTATE, '08') THEN nullif(detail, '') END);
        PERFORM _wh_internal.record_failure(feed, first_day, reason);
        RETURN jsonb_build_object('success', false, 'template', feed.template_name, 'schema',
            feed.schema_name,
            'start_date', first_day, 'end_date', last_day, 'processed_mvs', 0, 'failed', 1, 'total_records',
                0,
            'date_results', jsonb_build_array(jsonb_build_object('date', first_day, 'status', 'failed',
                'error', _wh_internal.visible(reason), 'sqlstate', SQLSTATE)));
    END;
END
$$;
COMMENT ON FUNCTION _wh.load_days(text, text, date, date,
    boolean) IS 'For operators: load days of a tenant, without naming a connection';
