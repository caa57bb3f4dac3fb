CREATE OR REPLACE FUNCTION _wh_internal.call_user_update(feed _wh.feeds, slice_date date,
    update_function text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Call an update function that operators wrote themselves, for one day. It returns true, or a jsonb without
-- "success": false; anything else is a failure.
DECLARE
    started timestamptz := clock_timestamp();
    result jsonb;
    mark text;
BEGIN
    PERFORM set_config('tenantry.in_window', 'yes', true);
    BEGIN
        result := _wh_internal.call_user_function(
            format('SELECT to_jsonb(%s(%L, %L, $1))', update_function, feed.tenant_name, feed.schema_name),
            slice_date);
    EXCEPTION WHEN query_canceled THEN
        GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
        IF NOT _wh_internal.is_own_cancel(SQLSTATE, mark)
            OR NOT _wh_internal.source_cancelled(feed.tenant_name, SQLSTATE, SQLERRM) THEN
            RAISE;
        END IF;
        RAISE EXCEPTION '%.% %: the source cancelled the query: %', feed.schema_name, feed.template_name,
                to_char(slice_date::timestamp, 'YYYY-MM-DD'), _wh_internal.visible(SQLERRM)
            USING ERRCODE = 'query_canceled', CONSTRAINT = 'cancelled by the source',
                HINT = 'Give its connection a longer statement_timeout, or add an index at the source that '
                'serves the query.';
    END;
    PERFORM set_config('tenantry.in_window', '', true);
    IF result IS NULL OR result IN ('null', 'false') OR result ->> 'success' = 'false' THEN
        RAISE EXCEPTION '%.% %: function % returned %', feed.schema_name, feed.template_name,
                to_char(slice_date::timestamp, 'YYYY-MM-DD'), update_function,
                coalesce(_wh_internal.visible(result::text), 'NULL')
            USING ERRCODE = 'external_routine_exception';
    END IF;
    RETURN jsonb_build_object('date', to_char(slice_date::timestamp, 'YYYY-MM-DD'), 'status', 'loaded',
        'action', coalesce(result ->> 'action', 'updated'), 'rows', result -> 'rows', 'seconds',
        _wh_internal.seconds_since(started));
END
$$;
