CREATE OR REPLACE FUNCTION _wh_internal.move_record(feed _wh.feeds, template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Days that are tables' rows are known by their record alone, materialized views by the catalog, where operators may have
-- made or dropped one by hand: make the record say what is there.
DECLARE
    present date[] := ARRAY(SELECT p.slice_date FROM _wh_internal.present_days(feed) p);
    folded integer[] := ARRAY(SELECT y.year FROM _wh_internal.folded_years(feed) y);
    day date;
    total bigint;
BEGIN
    DELETE FROM _wh.slices s WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.status = 'loaded'
        AND s.slice_date <> ALL (present) AND extract(year FROM s.slice_date) <> ALL (folded);
    UPDATE _wh.slices s SET loaded_at = NULL, row_count = NULL
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.loaded_at IS NOT NULL
        AND s.slice_date <> ALL (present) AND extract(year FROM s.slice_date) <> ALL (folded);
    FOR day IN SELECT p.day FROM unnest(present) AS p (day) WHERE NOT EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date = p.day AND s.loaded_at IS NOT NULL)
    LOOP
        EXECUTE format('SELECT count(*) FROM %I.%I WHERE %s', feed.schema_name,
            _wh_internal.fit_name((_wh_internal.side_feed(feed, 'tenantry_move_')).template_name), _wh_internal.day_predicate(template, day, day)) INTO total;
        INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at)
        VALUES (feed.schema_name, feed.template_name, day, 'loaded', total, clock_timestamp())
        ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE SET row_count = excluded.row_count, loaded_at = excluded.loaded_at;
    END LOOP;
END
$$;
