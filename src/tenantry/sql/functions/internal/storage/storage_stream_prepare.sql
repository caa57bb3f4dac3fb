CREATE OR REPLACE FUNCTION _wh_internal.storage_stream_prepare(feed _wh.feeds, template _wh.mv_templates,
    first_day date, bulk boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create the table into which the loader copies days from first_day on; for a `bulk` load a new table gets
-- no indexes, and is recorded as unindexed. Called only for a storage that streams.
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3, $4)', _wh_internal.storage_routine(feed.storage,
        'stream_prepare')) USING feed, template, first_day, bulk;
END
$$;
