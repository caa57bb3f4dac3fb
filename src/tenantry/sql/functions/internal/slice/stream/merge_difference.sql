CREATE OR REPLACE FUNCTION _wh_internal.merge_difference(feed _wh.feeds, template _wh.mv_templates,
    holder regclass, first_day date, last_day date, copied bigint, vanished tid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Merge what a stream found to differ, if it was staged (see merge_rows). Returns the number of rows that are
-- stored of each day then; the loader holds that against what the source sent (`copied`).
DECLARE
    unwritten boolean := pg_current_xact_id_if_assigned() IS NULL;
    own text := _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, first_day, last_day));
    stored bigint;
BEGIN
    PERFORM _wh_internal.hold_records(feed, first_day, last_day);
    IF to_regclass('pg_temp.tenantry_stage') IS NOT NULL THEN
        PERFORM _wh_internal.merge_days(feed, template, holder, to_regclass('pg_temp.tenantry_stage'),
            first_day, last_day, vanished);
    END IF;
    IF first_day < last_day THEN
        RETURN _wh_internal.count_days(template, holder::text, own);
    END IF;
    -- If this transaction has written nothing, and no other one has ended since stream_target, all is as it
    -- was when it was compared. Otherwise it is counted; grouping by day would take twice as long.
    IF unwritten AND pg_current_snapshot()::text = current_setting('tenantry.snapshot', true) THEN
        stored := copied;
    ELSE
        EXECUTE format('SELECT count(*) FROM %s WHERE %s', holder, own) INTO stored;
    END IF;
    RETURN jsonb_build_object(to_char(first_day::timestamp, 'YYYY-MM-DD'), stored);
END
$$;
