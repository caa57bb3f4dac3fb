CREATE OR REPLACE FUNCTION _wh_internal.matview_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, by_steps boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Build the yearly table beside the slices, index it after the load, make the tenant's view read it, and drop
-- the slices. Without steps, nobody sees the table before the transaction ends. With steps, the year is
-- folded once the table is built: loads work on the table, and a view that reads the slices reads the same
-- rows.
DECLARE
    most CONSTANT integer := 50;
    name text := _wh_internal.kept_stem(feed) || to_char(target_year, '"_"FM0000');
    step text := _wh_internal.fold_step(feed, target_year);
    relations oid[] := _wh_internal.days_of_year(feed, target_year);
    dropped oid[];
    things jsonb;
    days bigint;
    total bigint;
BEGIN
    IF EXISTS (SELECT FROM _wh_internal.year_relations(feed) y WHERE y.year = target_year AND y.open) THEN
        -- A year that was moved here is already one table.
        PERFORM _wh_internal.note_table(feed, name, NULL);
        EXECUTE format('SELECT count(*) FROM _wh_data.%I', name) INTO total;
        days := make_date(target_year, 12, 31) - make_date(target_year, 1, 1) + 1;
    ELSIF step IS NULL THEN
        SELECT b.things, b.days, b.total INTO things, days, total
        FROM _wh_internal.build_year(feed, template, target_year) b;
        IF by_steps THEN
            PERFORM _wh_internal.note_table(feed, name, 'folded', 'show');
        ELSE
            PERFORM _wh_internal.show_year(feed, template, target_year, things,
                format('SELECT _wh_internal.drop_days(%L)', relations));
        END IF;
    ELSE
        SELECT count(*), coalesce(sum(s.row_count), 0) INTO days, total FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.loaded_at IS NOT NULL AND extract(year FROM s.slice_date) = target_year;
        -- With steps, a few in each: whoever reads one of them keeps no more than these waiting.
        dropped := CASE WHEN NOT by_steps THEN relations WHEN step = 'drop' THEN relations[:most]
            ELSE '{}' END;
        PERFORM _wh_internal.hold_days(dropped);
        IF step = 'show' THEN
            things := _wh_internal.keep_things(format('year %s of %I.%I', target_year, feed.schema_name,
                feed.template_name), relations, 'r', to_regclass(format('%I.%I', feed.schema_name,
                _wh_internal.fit_name(feed.template_name))));
            PERFORM _wh_internal.show_year(feed, template, target_year, things,
                format('SELECT _wh_internal.drop_days(%L)', dropped));
        ELSE
            PERFORM _wh_internal.drop_days(dropped);
        END IF;
        PERFORM _wh_internal.note_table(feed, name, 'folded', 'drop');
        IF dropped = relations THEN
            PERFORM _wh_internal.note_table(feed, name, NULL);
        END IF;
    END IF;
    RETURN jsonb_build_object('yearly_table', _wh_internal.yearly_name(template.template_name, target_year),
        'processed_mvs', days, 'total_records', total);
END
$$;
