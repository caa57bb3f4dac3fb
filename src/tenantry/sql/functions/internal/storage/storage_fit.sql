CREATE OR REPLACE FUNCTION _wh_internal.storage_fit(feed _wh.feeds, template _wh.mv_templates, kind text,
    relname text, slice_date date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Mend one of storage_unfit without querying the source; nothing to do if that was done meanwhile
-- (hold_unfit).
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3, $4, $5)', _wh_internal.storage_routine(feed.storage, 'fit'))
        USING feed, template, kind, relname, slice_date;
END
$$;
