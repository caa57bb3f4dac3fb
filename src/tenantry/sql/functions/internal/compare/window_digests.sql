CREATE OR REPLACE FUNCTION _wh_internal.window_digests(feed _wh.feeds, first_day date, last_day date)
    RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Log in to the source and query the digests of a window; NULL if the source cannot compute them, and all
-- days are to be loaded.
DECLARE
    digests jsonb;
    detail text;
    hint text;
    context text;
BEGIN
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    digests := _wh_internal.source_digests(feed, first_day, last_day);
    IF digests IS NULL THEN
        -- Each day then begins its own transaction.
        PERFORM _wh_internal.end_source(feed.tenant_name, false);
    END IF;
    RETURN digests;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    IF SQLSTATE LIKE '08%' OR SQLSTATE = '57014'
        AND NOT _wh_internal.source_cancelled(feed.tenant_name, SQLSTATE, SQLERRM) THEN
        PERFORM _wh_internal.release_source(feed.tenant_name);
        PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
        RAISE;
    END IF;
    PERFORM _wh_internal.write_log('window_digests', 'WARNING',
        'the source cannot tell which days differ, so all are loaded: ' || SQLERRM, to_jsonb(feed));
    -- The failure has aborted the transaction there, so log in again.
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    RETURN NULL;
END
$$;
