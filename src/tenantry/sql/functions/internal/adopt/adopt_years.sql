CREATE OR REPLACE FUNCTION _wh_internal.adopt_years(wanted_template text, wanted_schema text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Record the years of a feed that were folded by hand, by counting, and describe its views. A year is taken
-- as it is: a day without rows was an empty one.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(wanted_template, wanted_schema);
    template _wh.mv_templates := _wh_internal.find_template(wanted_template);
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.storage_publish_tenant(feed);
    INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at,
        definition_hash, filenode, time_column)
    SELECT wanted_schema, wanted_template, d.day::date, 'loaded',
        coalesce((n.counts ->> to_char(d.day, 'YYYY-MM-DD'))::bigint, 0), clock_timestamp(),
        _wh_internal.definition_hash(template), t.filenode, template.time_column
    FROM _wh_internal.slice_tables(feed, only_daily => false) t
    CROSS JOIN LATERAL (
        SELECT _wh_internal.count_stored(feed, t.name, false, t.first_day, t.last_day) AS counts) n
    CROSS JOIN LATERAL generate_series(t.first_day::timestamp, t.last_day::timestamp, '1 day') AS d (day)
    ON CONFLICT ON CONSTRAINT slices_pkey DO NOTHING;
    PERFORM _wh_internal.write_log('adopt_feed', 'INFO', 'taken over', to_jsonb(feed));
END
$$;
