CREATE OR REPLACE FUNCTION _wh_internal.partition_load(feed _wh.feeds, template _wh.mv_templates,
    slice_date date,
    OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- Load one slice in partition storage through dblink: the whole day is pulled, checked, and merged. The
-- caller has created the table (partition_prepare) and then taken the slice's lock. Times that the source
-- returns without a time zone are UTC, and money is written as in the source's session.
DECLARE
    leaf regclass := _wh_internal.partition_find(feed, slice_date);
BEGIN
    action := CASE
        WHEN EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = partition_load.slice_date AND s.loaded_at IS NOT NULL) THEN 'refreshed'
            ELSE 'created' END;
    row_count := _wh_internal.stage_day(feed, template, slice_date);
    -- Not earlier, because these statements block reports until the transaction ends.
    PERFORM _wh_internal.fit_columns(template, (SELECT i.inhparent::regclass FROM pg_inherits i
        WHERE i.inhrelid = leaf));
    PERFORM _wh_internal.fit_indexes(feed, leaf);
    row_count := _wh_internal.merge_staged(feed, template, leaf, slice_date, row_count);
END
$$;
