CREATE OR REPLACE FUNCTION _wh.source_days(template_name text, tenant text, OUT first_day date,
    OUT last_day date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: the first and last UTC day of which a feed's source has rows, or NULLs. A load of days that
-- it keeps no longer would empty them.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
    mark text;
    reason text;
    detail text;
    hint text;
BEGIN
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    SELECT e.first_day, e.last_day INTO first_day, last_day
    FROM _wh_internal.source_extent(feed.template_name, feed.tenant_name, feed.schema_name) e;
    PERFORM _wh_internal.release_source(feed.tenant_name);
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME, reason = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    PERFORM _wh_internal.release_source(feed.tenant_name);
    PERFORM _wh_internal.raise_to_operator(SQLSTATE, mark, reason, detail, hint);
    RAISE;
END
$$;
COMMENT ON FUNCTION _wh.source_days IS 'The first and last day of which a tenant''s source has rows: for '
    'operators';
