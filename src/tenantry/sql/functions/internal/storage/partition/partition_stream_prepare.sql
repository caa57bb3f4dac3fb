CREATE OR REPLACE FUNCTION _wh_internal.partition_stream_prepare(feed _wh.feeds, template _wh.mv_templates,
    first_day date, bulk boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM _wh_internal.fit_columns(template, _wh_internal.partition_tenant(feed, template));
    PERFORM _wh_internal.fit_indexes(feed, _wh_internal.partition_leaf(feed, template, first_day,
        indexed => NOT bulk));
END
$$;
