CREATE OR REPLACE FUNCTION _wh_internal.storage_load(feed _wh.feeds, template _wh.mv_templates,
    slice_date date,
    OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Pull one day from its source (source_select), all of it or nothing, and replace what was stored of the
-- day. The caller has prepared the day, holds its lock and a transaction at the source, and records the
-- load. `action` is created, refreshed, replaced (the tenant must be published before reports see it) or
-- replaced in year; row_count is the number of rows stored afterwards.
BEGIN
    EXECUTE format('SELECT * FROM %s($1, $2, $3)', _wh_internal.storage_routine(feed.storage, 'load'))
    USING feed, template, slice_date INTO action, row_count;
END
$$;
