CREATE OR REPLACE FUNCTION _wh_internal.window_digests(feed _wh.feeds, first_day date, last_day date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Log in to the source, and ask for the digests of a window; NULL if the source cannot tell them, and all is to be pulled.
BEGIN
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    RETURN _wh_internal.source_digests(feed, first_day, last_day);
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE LIKE '08%' THEN
        RAISE;
    END IF;
    PERFORM _wh_internal.write_log('window_digests', 'WARNING',
        'the source cannot say which days differ, so all are pulled: ' || SQLERRM, to_jsonb(feed));
    -- What failed there has spoilt the transaction: log in again.
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    RETURN NULL;
END
$$;
