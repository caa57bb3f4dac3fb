CREATE OR REPLACE FUNCTION _wh_internal.storage_merge(feed _wh.feeds, template _wh.mv_templates,
    leaf regclass, stage regclass, first_day date, last_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a feed's rows of some days equal to those of a staging table (merge_days); the number of rows that
-- changed.
BEGIN
    IF (_wh_internal.storage_traits(feed.storage)).distributed THEN
        RETURN _wh_internal.distributed_merge(feed, template, leaf, stage, first_day, last_day);
    END IF;
    RETURN _wh_internal.merge_days(feed, template, leaf, stage, first_day, last_day);
END
$$;
