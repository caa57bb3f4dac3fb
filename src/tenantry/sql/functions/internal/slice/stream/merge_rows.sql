CREATE OR REPLACE FUNCTION _wh_internal.merge_rows(feed _wh.feeds, first_day date, last_day date,
    came anyarray, vanished tid[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Merge the few rows that a stream found to differ: rows that are not stored, as an array of rows of the
-- table that holds the days, and the places of stored rows that the source did not send. Returns how many of
-- the rows belong to the days; if that is not all of them, the loader rolls this back. If a row's key exists
-- elsewhere, the rows are staged instead, for merge_difference.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    holder regclass := (_wh_internal.storage_holder(feed, first_day)).relid::regclass;
    days text := _wh_internal.day_predicate(template, first_day, last_day);
    columns text := _wh_internal.column_list(template.template_name);
    arrived bigint;
BEGIN
    PERFORM _wh_internal.hold_records(feed, first_day, last_day), _wh_internal.publish_identity(holder);
    BEGIN
        -- Another session may have moved a row, and its place may have one of another day now.
        EXECUTE format('DELETE FROM %s WHERE ctid = ANY ($1) AND %s', holder,
            _wh_internal.feed_rows(feed, days)) USING vanished;
        EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM unnest($1) WHERE %3$s', holder, columns,
            days) USING came;
    EXCEPTION WHEN unique_violation THEN
        PERFORM _wh_internal.stream_stage(template.template_name);
        EXECUTE format('INSERT INTO pg_temp.tenantry_stage (%1$s) SELECT %1$s FROM unnest($1) WHERE %2$s',
            columns, days) USING came;
    END;
    GET DIAGNOSTICS arrived = ROW_COUNT;
    RETURN arrived;
END
$$;
