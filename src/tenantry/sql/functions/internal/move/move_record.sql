CREATE OR REPLACE FUNCTION _wh_internal.move_record(feed _wh.feeds, template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the records up to date with what exists, and with the tables that take its place. Materialized views
-- are found in the catalog, because operators may have created or dropped one by hand; the rows of tables
-- are known from their records alone.
DECLARE
    present date[] := ARRAY(SELECT p.slice_date FROM _wh_internal.present_days(feed) p);
    fillings oid[] := ARRAY(SELECT t.filenode FROM _wh_internal.slice_tables(feed) t);
BEGIN
    UPDATE _wh.slices s SET loaded_at = NULL, row_count = NULL, digest = NULL, filenode = NULL
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.loaded_at IS NOT NULL AND s.slice_date <> ALL (present);
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, loaded_at, time_column)
    SELECT feed.schema_name, feed.template_name, p.day, 'loaded', clock_timestamp(), template.time_column
        FROM unnest(present) AS p (day)
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
        SET loaded_at = excluded.loaded_at, time_column = excluded.time_column WHERE s.loaded_at IS NULL;
    PERFORM _wh_internal.bind_days(feed, l.relid::regclass, make_date(l.year, coalesce(l.month, 1), 1),
        (make_date(l.year, coalesce(l.month, 12), 1) + interval '1 month')::date - 1, fillings)
    FROM _wh_internal.partition_leaves(_wh_internal.side_feed(feed, 'tenantry_move_')) l;
END
$$;
