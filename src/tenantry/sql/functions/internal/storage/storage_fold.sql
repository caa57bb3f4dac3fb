CREATE OR REPLACE FUNCTION _wh_internal.storage_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, by_steps boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Turn a closed year into one table, and swap it in at the end; `by_steps`, a storage may do only a part of
-- that, and note what is left (fold_step). The caller holds the year's lock and has checked that the year is
-- complete, or that something is left. Returns yearly_table, processed_mvs (days) and total_records.
DECLARE
    result jsonb;
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3, $4)', _wh_internal.storage_routine(feed.storage, 'fold'))
        USING feed, template, target_year, by_steps INTO result;
    IF _wh_internal.fold_step(feed, target_year) IS NULL THEN
        PERFORM _wh_internal.publish_years(feed);
    END IF;
    RETURN result;
END
$$;
