CREATE OR REPLACE FUNCTION _wh_internal.table_states(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text, state text, detail text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What is to be known of a feed's tables (note_table). A table that was dropped and made again under the
    -- name is another; but where a dump was restored, all are, and their names tell.
    SELECT c.oid, t.table_name, t.state, t.detail
    FROM _wh.feed_tables t
    JOIN pg_class c ON c.relname = t.table_name AND c.relnamespace = to_regnamespace('_wh_data')
    WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name
        AND (c.oid = t.relid OR t.warehouse <> _wh_internal.here())
$$;
