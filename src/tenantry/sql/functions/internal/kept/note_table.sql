CREATE OR REPLACE FUNCTION _wh_internal.note_table(feed _wh.feeds, table_name text, state text,
    detail text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Record the state of a feed's table in _wh_data: in a table of Tenantry's and not in a comment, because
-- people and catalog tools may write comments. A state of NULL: nothing is recorded any more.
BEGIN
    IF state IS NULL THEN
        DELETE FROM _wh.feed_tables t
            WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name
            AND t.table_name = note_table.table_name;
        RETURN;
    END IF;
    INSERT INTO _wh.feed_tables AS t (schema_name, template_name, table_name, state, detail, relid, warehouse)
    VALUES (feed.schema_name, feed.template_name, note_table.table_name, note_table.state, note_table.detail,
        format('_wh_data.%I', note_table.table_name)::regclass, _wh_internal.here())
    ON CONFLICT ON CONSTRAINT feed_tables_pkey DO UPDATE
        SET state = excluded.state, detail = excluded.detail, relid = excluded.relid,
        warehouse = excluded.warehouse;
END
$$;
