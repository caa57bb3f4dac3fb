CREATE OR REPLACE FUNCTION _wh_internal.shared_unfit(feed _wh.feeds, template _wh.mv_templates)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The shared table, if it lacks columns or has other types (columns), or other indexes (indexes).
    SELECT 'columns', _wh_internal.shared_name(feed.template_name, feed.storage), NULL::date
    WHERE _wh_internal.lacks_columns(template, _wh_internal.storage_table(feed)::regclass,
        template.time_column)
    UNION ALL
    SELECT 'indexes', _wh_internal.shared_name(feed.template_name, feed.storage), NULL::date
    WHERE EXISTS (SELECT FROM _wh_internal.shared_unfit_indexes(template, feed.storage))
$$;
