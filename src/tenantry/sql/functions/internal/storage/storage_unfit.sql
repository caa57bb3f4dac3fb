CREATE OR REPLACE FUNCTION _wh_internal.storage_unfit(feed _wh.feeds, template _wh.mv_templates)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The relations of a feed that differ from its current template, in the order in which storage_fit mends
-- them.
BEGIN
    RETURN QUERY EXECUTE format('SELECT * FROM %s($1, $2)', _wh_internal.storage_routine(feed.storage,
        'unfit')) USING feed, template;
END
$$;
