CREATE OR REPLACE FUNCTION _wh_internal.shared_load(feed _wh.feeds, template _wh.mv_templates,
    slice_date date, OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- Load one slice through dblink: the whole day is pulled, checked, and merged, as in partition_load.
DECLARE
    stored jsonb;
    leaf regclass := _wh_internal.shared_find(feed, slice_date);
BEGIN
    action := CASE WHEN EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = shared_load.slice_date AND s.loaded_at IS NOT NULL) THEN 'refreshed'
            ELSE 'created' END;
    -- IF EXISTS would print a notice that there is none.
    IF to_regclass('pg_temp.tenantry_stage') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_stage;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_stage ON COMMIT DROP AS %s',
        _wh_internal.source_select(feed, template, slice_date));
    row_count := _wh_internal.refuse_foreign_rows(to_regclass('pg_temp.tenantry_stage'), template,
        slice_date);
    IF _wh_internal.storage_merge(feed, template, leaf, to_regclass('pg_temp.tenantry_stage'), slice_date,
        slice_date) > 0 THEN
        stored := _wh_internal.count_days(template, leaf::text, _wh_internal.feed_rows(feed,
            _wh_internal.day_predicate(template, slice_date, slice_date)));
        row_count := coalesce((stored ->> to_char(slice_date::timestamp, 'YYYY-MM-DD'))::bigint, 0);
    END IF;
    DROP TABLE pg_temp.tenantry_stage;
END
$$;
