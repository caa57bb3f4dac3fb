CREATE OR REPLACE FUNCTION _wh_internal.merge_staged(feed _wh.feeds, template _wh.mv_templates,
    leaf regclass, slice_date date, staged bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Merge the rows of stage_day, `staged` in number, into the table that holds the day. Returns the number of
-- rows that are stored of it: the record describes that, and if nothing changed, it is the same.
DECLARE
    stored jsonb;
BEGIN
    IF _wh_internal.storage_merge(feed, template, leaf, to_regclass('pg_temp.tenantry_stage'), slice_date,
        slice_date) > 0 THEN
        stored := _wh_internal.count_days(template, leaf::text, _wh_internal.feed_rows(feed,
            _wh_internal.day_predicate(template, slice_date, slice_date)));
        staged := coalesce((stored ->> to_char(slice_date::timestamp, 'YYYY-MM-DD'))::bigint, 0);
    END IF;
    DROP TABLE pg_temp.tenantry_stage;
    RETURN staged;
END
$$;
