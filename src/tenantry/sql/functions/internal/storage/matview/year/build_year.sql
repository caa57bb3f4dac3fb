CREATE OR REPLACE FUNCTION _wh_internal.build_year(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, OUT things jsonb, OUT days integer, OUT total bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Build a yearly table of matview storage beside the slices, which stay, and the tenant's view with them.
-- Returns what operators have added to the slices, the days and the rows.
DECLARE
    name text := _wh_internal.kept_stem(feed) || to_char(target_year, '"_"FM0000');
    target text := format('_wh_data.%I', name);
    relations oid[] := _wh_internal.days_of_year(feed, target_year);
    tenant regclass
        := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    dependents text := _wh_internal.operators_dependents(relations, array_remove(ARRAY[tenant::oid], NULL));
BEGIN
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
END
$$;
