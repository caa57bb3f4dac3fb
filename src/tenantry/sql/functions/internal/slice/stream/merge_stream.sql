CREATE OR REPLACE FUNCTION _wh_internal.merge_stream(feed _wh.feeds, template _wh.mv_templates,
    holder regclass, first_day date, last_day date, target text, start_block bigint, copied bigint)
    RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Merge what a stream copied, if it was staged. Returns the number of rows that are stored of each day then.
DECLARE
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    -- What was copied lies in the staging table, or among other tenants' rows.
    copied_rows text := CASE target WHEN 'pg_temp.tenantry_stage' THEN predicate
        ELSE _wh_internal.feed_rows(feed, predicate) END;
    counts jsonb;
BEGIN
    -- In a table without free space, new rows lie behind start_block, so only those pages are read. If some
    -- rows went into free space, the count is too low, and the whole table is read.
    counts := _wh_internal.count_days(template, target,
        format('ctid >= %L AND %s', format('(%s,0)', start_block), copied_rows));
    IF (SELECT coalesce(sum(c.value::bigint), 0) FROM jsonb_each_text(counts) c) <> copied THEN
        counts := _wh_internal.count_days(template, target, copied_rows);
    END IF;
    -- The record says what is stored; if merging changed nothing, the counts are the same.
    IF target = 'pg_temp.tenantry_stage'
            AND _wh_internal.storage_merge(feed, template, holder, target::regclass, first_day,
            last_day) > 0 THEN
        counts := _wh_internal.count_days(template, holder::text, _wh_internal.feed_rows(feed, predicate));
    END IF;
    RETURN counts;
END
$$;
