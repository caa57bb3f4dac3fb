CREATE OR REPLACE FUNCTION _wh_internal.shared_load(feed _wh.feeds, template _wh.mv_templates,
    slice_date date, OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- Load one slice through dblink: the whole day is pulled, checked, and merged, as in partition_load. The
-- indexes that the template has changed are left to shared_fit, which no source keeps waiting.
BEGIN
    action := CASE WHEN EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = shared_load.slice_date AND s.loaded_at IS NOT NULL) THEN 'refreshed'
            ELSE 'created' END;
    row_count := _wh_internal.stage_day(feed, template, slice_date);
    PERFORM _wh_internal.fit_columns(template, _wh_internal.storage_table(feed)::regclass);
    row_count := _wh_internal.merge_staged(feed, template, _wh_internal.shared_find(feed, slice_date),
        slice_date, row_count);
END
$$;
