CREATE OR REPLACE FUNCTION _wh_internal.storage_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Turn a closed year into one table, and swap it in at the end. The caller holds the year's lock and has
-- checked that the year is complete. Returns yearly_table, processed_mvs (days) and total_records.
DECLARE
    result jsonb;
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3)', _wh_internal.storage_routine(feed.storage, 'fold'))
        USING feed, template, target_year INTO result;
    PERFORM _wh_internal.publish_years(feed);
    RETURN result;
END
$$;
