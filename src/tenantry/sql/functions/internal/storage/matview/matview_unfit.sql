CREATE OR REPLACE FUNCTION _wh_internal.matview_unfit(feed _wh.feeds, template _wh.mv_templates)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Yearly tables with missing columns or other types (columns), and yearly tables and slices with other
-- indexes (indexes).
DECLARE
    hash text := _wh_internal.template_index_hash(feed.template_name);
BEGIN
    RETURN QUERY
        WITH tables AS MATERIALIZED (
            SELECT r.relid, r.relname FROM _wh_internal.matview_relations(feed, false) r
        )
        SELECT 'columns', t.relname, NULL::date FROM tables t
        WHERE _wh_internal.lacks_columns(template, t.relid)
        UNION ALL
        SELECT 'indexes', t.relname, NULL::date FROM tables t
        WHERE EXISTS (SELECT FROM _wh_internal.index_difference(feed, t.relid))
        UNION ALL
        SELECT 'indexes', r.relname, r.first_day FROM _wh_internal.matview_relations(feed, true) r
        JOIN _wh.slices s ON s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = r.first_day
        WHERE s.index_hash <> hash AND NOT r.leftover
        ORDER BY 1, 3, 2;
END
$$;
