CREATE OR REPLACE FUNCTION _wh_internal.update_slice(feed _wh.feeds, slice_date date, caller text,
    allow_refresh_yesterday boolean, update_union_view boolean, maker text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Load a slice, log it, and show it in the tenant view. A load of today also loads yesterday, if yesterday's
-- last load ran before that day had ended: the rows that came later would otherwise be missing forever. If
-- yesterday fails, today is still loaded. Only yesterday is undone; it is recorded as failed, a warning says
-- so, and the next load of today tries it again.
DECLARE
    result jsonb;
    replaced boolean := false;
    mark text;
BEGIN
    PERFORM _wh_internal.extend_span(feed, slice_date);
    IF maker IS NULL THEN
        PERFORM _wh_internal.storage_prepare(feed, slice_date, slice_date);
    END IF;
    IF allow_refresh_yesterday AND slice_date = _wh.current_date_utc() AND EXISTS (
        SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = update_slice.slice_date - 1
            AND s.loaded_at < update_slice.slice_date::timestamp AT TIME ZONE 'UTC')
    THEN
        BEGIN
            result := _wh_internal.load_slice(feed, slice_date - 1, maker, caller_publishes => true);
            replaced := result ->> 'action' = 'replaced';
            PERFORM _wh_internal.write_log(caller, 'INFO', 'yesterday completed', to_jsonb(feed) || result);
        EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
            GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
            IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
                RAISE;
            END IF;
            PERFORM _wh_internal.record_failure(feed, slice_date - 1, SQLERRM);
            RAISE WARNING 'yesterday was not completed: %', _wh_internal.visible(SQLERRM)
                USING ERRCODE = SQLSTATE;
        END;
    END IF;
    result := _wh_internal.load_slice(feed, slice_date, maker, caller_publishes => true);
    replaced := replaced OR result ->> 'action' = 'replaced';
    PERFORM _wh_internal.write_log(caller, 'INFO', 'slice loaded', to_jsonb(feed) || result);
    -- A window of days publishes once, at its end. A load that replaces an existing slice must always
    -- publish.
    IF replaced OR update_union_view AND current_setting('tenantry.in_window', true) IS DISTINCT
        FROM 'yes' THEN
        PERFORM _wh_internal.storage_publish_tenant(feed);
    END IF;
    IF current_setting('tenantry.in_window', true) IS DISTINCT FROM 'yes' THEN
        PERFORM _wh_internal.adopt_days(feed);
    END IF;
    RETURN result;
END
$$;
