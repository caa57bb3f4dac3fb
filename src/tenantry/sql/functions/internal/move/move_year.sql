CREATE OR REPLACE FUNCTION _wh_internal.move_year(feed _wh.feeds, storage text, target_year integer,
    settle boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Copy what the copy lacks of a year; loads may continue. To settle the year, with loads kept out: compare
-- each day, and copy those again that were loaded, refreshed or changed by hand since. Returns rows (copied,
-- or compared) and days_again. Times without a time zone, if the template has a zone by now, are UTC.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    parent text := format('_wh_data.%I', _wh_internal.kept_name(side));
    columns text := _wh_internal.column_list(template.template_name);
    unwanted text;
    part record;
    source record;
    name text;
    added bigint;
    total bigint := 0;
    again date[];
    first_day date;
    last_day date;
    predicate text;
    wrong date;
BEGIN
    PERFORM _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.await_lock(_wh_internal.year_lock(feed, target_year), true,
        format('%s.%s %s, which another session folds', feed.schema_name, feed.template_name, target_year)),
        _wh_internal.hear_of_changes();
    -- A year that was folded meanwhile is one table.
    SELECT string_agg(format('DROP TABLE %s;', l.relid::regclass), ' ') INTO unwanted
        FROM _wh_internal.partition_leaves(side) l
    WHERE l.year = target_year AND NOT EXISTS (
        SELECT FROM _wh_internal.move_parts(feed, template, storage, target_year) p
        WHERE p.month IS NOT DISTINCT FROM l.month);
    EXECUTE coalesce(unwanted, '');
    FOR part IN SELECT p.* FROM _wh_internal.move_parts(feed, template, storage, target_year) p
        WHERE NOT EXISTS (SELECT FROM _wh_internal.partition_leaves(side) l
        WHERE l.year = target_year AND l.month IS NOT DISTINCT FROM p.month)
    LOOP
        name := _wh_internal.kept_stem(side) || to_char(part.first_day::timestamp, CASE
            WHEN part.month IS NULL THEN '_YYYY' ELSE '_YYYY_MM' END);
        EXECUTE format('CREATE TABLE _wh_data.%I PARTITION OF %s FOR VALUES FROM (%s) TO (%s)', name, parent,
            _wh_internal.day_bound(template, part.first_day),
                _wh_internal.day_bound(template, part.last_day + 1));
        FOR source IN SELECT s.body FROM _wh_internal.move_sources(feed, template, target_year) s
            WHERE s.first_day <= part.last_day AND s.last_day >= part.first_day
        LOOP
            EXECUTE format('INSERT INTO _wh_data.%I (%s) SELECT %s FROM (%s) q WHERE %s ORDER BY %I',
                name, columns, columns,
                _wh_internal.fetched(feed, source.body),
                _wh_internal.day_predicate(template, part.first_day, part.last_day),
                    template.time_column);
            GET DIAGNOSTICS added = ROW_COUNT;
            total := total + added;
        END LOOP;
        EXECUTE _wh_internal.kept_indexes(side, template, name);
        EXECUTE format('ANALYZE _wh_data.%I', name);
    END LOOP;
    PERFORM _wh_internal.publish_identity(l.relid::regclass) FROM _wh_internal.partition_leaves(side) l
        WHERE l.year = target_year;
    IF settle THEN
        SELECT coalesce(sum(d.row_count), 0), array_agg(d.day) FILTER (WHERE d.differs) INTO total, again
        FROM _wh_internal.move_days(feed, template, make_date(target_year, 1, 1),
            make_date(target_year, 12, 31)) d;
    END IF;
    IF again IS NOT NULL THEN
        first_day := (SELECT min(a) FROM unnest(again) a);
        last_day := (SELECT max(a) FROM unnest(again) a);
        predicate := format('%s AND (%I%s)::date = ANY (%L)',
            _wh_internal.day_predicate(template, first_day, last_day),
            template.time_column, _wh_internal.day_zone(template), again);
        -- All are deleted before the first is copied, because a row may have moved from one of these days to
        -- another.
        EXECUTE format('DELETE FROM %s WHERE %s', parent, predicate);
        FOR source IN SELECT s.body FROM _wh_internal.move_sources(feed, template, target_year) s
            WHERE EXISTS (SELECT FROM unnest(again) a WHERE a BETWEEN s.first_day AND s.last_day)
        LOOP
            EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM (%s) q WHERE %s', parent, columns, columns,
                _wh_internal.fetched(feed, source.body), predicate);
        END LOOP;
        SELECT min(d.day) FILTER (WHERE d.differs) INTO wrong
            FROM _wh_internal.move_days(feed, template, first_day, last_day) d;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION '%.% %: the copy differs: %', feed.schema_name, feed.template_name,
                to_char(wrong::timestamp, 'YYYY-MM-DD'),
                    _wh_internal.move_sums(feed, template, wrong)
                USING ERRCODE = 'data_corrupted',
                    HINT = 'Reports still read the existing rows. Run the same command again.';
        END IF;
    END IF;
    RETURN jsonb_build_object('rows', total, 'days_again', coalesce(cardinality(again), 0));
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION '%.% %: rows are in more than one day: %', feed.schema_name, feed.template_name,
        target_year, SQLERRM
        USING ERRCODE = 'unique_violation',
            HINT = 'A row moved to another day at the source: load both days again, then continue the '
            'move.';
END
$$;
