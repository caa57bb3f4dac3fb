CREATE OR REPLACE FUNCTION _wh_internal.table_states(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text, state text, detail text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The recorded states of a feed's tables (note_table). A table that was dropped and created again under
    -- the same name is another table. After a restore from a dump all of them are, so their names decide.
    SELECT c.oid, t.table_name, t.state, t.detail
    FROM _wh.feed_tables t
    JOIN pg_class c ON c.relname = t.table_name AND c.relnamespace = to_regnamespace('_wh_data')
    WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name
        AND (c.oid = t.relid OR t.warehouse <> _wh_internal.here())
$$;
