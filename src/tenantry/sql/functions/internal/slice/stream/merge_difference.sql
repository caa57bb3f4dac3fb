CREATE OR REPLACE FUNCTION _wh_internal.merge_difference(feed _wh.feeds, template _wh.mv_templates,
    holder regclass, first_day date, last_day date, vanished tid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Merge what a stream found to differ: staged rows that are not stored, and the places of stored rows that
-- the source did not send. Returns the number of rows that are stored of each day then; the loader holds that
-- against what the source sent.
BEGIN
    -- A session that moves a row out of these days in the meantime waits for this transaction.
    PERFORM FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date BETWEEN first_day AND last_day ORDER BY s.slice_date FOR UPDATE;
    IF vanished <> '{}' OR to_regclass('pg_temp.tenantry_stage') IS NOT NULL THEN
        IF to_regclass('pg_temp.tenantry_stage') IS NULL THEN
            PERFORM _wh_internal.stream_stage(template.template_name);
        END IF;
        PERFORM _wh_internal.merge_days(feed, template, holder, to_regclass('pg_temp.tenantry_stage'),
            first_day, last_day, vanished);
    END IF;
    RETURN _wh_internal.count_days(template, holder::text, _wh_internal.feed_rows(feed,
        _wh_internal.day_predicate(template, first_day, last_day)));
END
$$;
