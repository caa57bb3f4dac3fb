CREATE OR REPLACE FUNCTION _wh_internal.matview_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Build the yearly table beside the slices, index it after the load, and swap at the end. Nobody sees the
-- table before the transaction ends, and the slices stay until then. The caller holds the year's lock and
-- has checked that the year is complete.
DECLARE
    name text := _wh_internal.kept_stem(feed) || to_char(target_year, '"_"FM0000');
    target text := format('_wh_data.%I', name);
    known_as text := _wh_internal.yearly_name(template.template_name, target_year);
    relations oid[] := ARRAY(SELECT s.relid FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) = target_year);
    tenant regclass
        := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    things jsonb;
    dependents text := _wh_internal.operators_dependents(relations, array_remove(ARRAY[tenant::oid], NULL));
    days integer;
    total bigint;
BEGIN
    -- A year that was moved here is already one table.
    IF EXISTS (SELECT FROM _wh_internal.year_relations(feed) y WHERE y.year = target_year AND y.open) THEN
        PERFORM _wh_internal.note_table(feed, name, NULL);
        EXECUTE format('SELECT count(*) FROM %s', target) INTO total;
        RETURN jsonb_build_object('yearly_table', known_as, 'processed_mvs',
            make_date(target_year, 12, 31) - make_date(target_year, 1, 1) + 1,
            'total_records', total);
    END IF;
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION 'year % of %.% cannot be folded: other objects need what is replaced', target_year,
            feed.schema_name, feed.template_name
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = format('Drop these, run this again, then create them again: %s', dependents);
    END IF;
    things := _wh_internal.keep_things(format('year %s of %I.%I', target_year, feed.schema_name,
        feed.template_name), relations, 'r', tenant);
    SELECT f.days, f.total INTO days, total
    FROM _wh_internal.fill_year(feed, template, target_year, target) f;
    BEGIN
        EXECUTE _wh_internal.kept_indexes(feed, template, name);
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'year % of %.%: rows are in more than one day: %', target_year, feed.schema_name,
            feed.template_name, SQLERRM
            USING ERRCODE = 'unique_violation',
                HINT = 'A row moved to another day at the source: load both days again with '
                'update_mv_window_by_template.';
    END;
    PERFORM _wh_internal.keep_things(format('year %s of %I.%I', target_year, feed.schema_name,
        feed.template_name), relations, 'r', tenant, target::regclass);
    PERFORM _wh_internal.put_back(target, _wh_internal.but_rights(things));
    PERFORM _wh_internal.publish_identity(target::regclass);
    EXECUTE format('ANALYZE %s', target);
    PERFORM _wh_internal.matview_publish_tenant(feed, format('DROP MATERIALIZED VIEW %s',
        (SELECT string_agg(r.oid::regclass::text, ', ') FROM unnest(relations) AS r (oid))));
    PERFORM _wh_internal.publish_years(feed);
    -- Roles that could read the slices can read their year.
    PERFORM _wh_internal.put_back(format('%I.%I', feed.schema_name, known_as),
        (SELECT coalesce(jsonb_agg(t.value), '[]') FROM jsonb_array_elements(things) t
        WHERE t.value ->> 'item' LIKE 'right %'));
    RETURN jsonb_build_object('yearly_table', known_as, 'processed_mvs', days, 'total_records', total);
END
$$;
