CREATE OR REPLACE FUNCTION _wh_internal.storage_unfit(feed _wh.feeds, template _wh.mv_templates)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- What holds a feed's rows and is not as its template has it by now, in the order in which storage_fit mends
-- it.
BEGIN
    RETURN QUERY EXECUTE format('SELECT * FROM %s($1, $2)', _wh_internal.storage_routine(feed.storage,
        'unfit')) USING feed, template;
END
$$;
