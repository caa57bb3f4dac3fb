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
    columns _wh.template_columns[] := _wh_internal.feed_columns(feed);
    slice record;
    slices text;
    rows_added bigint;
    relations oid[] := ARRAY(SELECT s.relid FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) = target_year);
    tenant regclass
        := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    things jsonb;
    dependents text := _wh_internal.operators_dependents(relations, array_remove(ARRAY[tenant::oid], NULL));
    days integer := 0;
    total bigint := 0;
    filling oid;
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
    -- A yearly table whose template names no time column has a column for the day, so that one day of it can
    -- be replaced.
    EXECUTE format(E'CREATE TABLE %s (%s\n%s)', target, _wh_internal.declared_columns(template.template_name),
        CASE WHEN template.time_column IS NULL THEN ', slice_date date NOT NULL' ELSE '' END);
    things := _wh_internal.keep_things(format('year %s of %I.%I', target_year, feed.schema_name,
        feed.template_name), relations, 'r', tenant);
    filling := pg_relation_filenode(target);
    FOR slice IN SELECT s.* FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) = target_year LOOP
        -- Otherwise a VACUUM that truncates the slice waits for this transaction, and this transaction waits
        -- for the VACUUM.
        EXECUTE format('ALTER MATERIALIZED VIEW %s SET (vacuum_truncate = off)', slice.relid::regclass);
        PERFORM _wh_internal.refuse_foreign_rows(slice.relid::regclass, template, slice.slice_date);
        EXECUTE format('INSERT INTO %s SELECT %s%s FROM %s', target,
            _wh_internal.select_list(slice.relid, columns),
            CASE WHEN template.time_column IS NULL THEN format(', %L', slice.slice_date)
                ELSE '' END, slice.relid::regclass);
        GET DIAGNOSTICS rows_added = ROW_COUNT;
        -- The records of the slice hold for the table's rows as far as they held for the slice's.
        INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at,
            filenode)
        VALUES (feed.schema_name, feed.template_name, slice.slice_date, 'loaded', rows_added,
            clock_timestamp(), filling)
        ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
            SET row_count = excluded.row_count, loaded_at = coalesce(s.loaded_at, excluded.loaded_at),
            filenode = excluded.filenode, digest = CASE WHEN s.filenode IS NULL
                OR s.filenode = pg_relation_filenode(slice.relid)
                THEN CASE WHEN _wh_internal.digest_rows(s.digest) = excluded.row_count THEN s.digest END END;
        days := days + 1;
        slices := concat_ws(', ', slices, slice.relid::regclass);
        total := total + rows_added;
    END LOOP;
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
    PERFORM _wh_internal.matview_publish_tenant(feed, 'DROP MATERIALIZED VIEW ' || slices);
    PERFORM _wh_internal.publish_years(feed);
    -- Roles that could read the slices can read their year.
    PERFORM _wh_internal.put_back(format('%I.%I', feed.schema_name, known_as),
        (SELECT coalesce(jsonb_agg(t.value), '[]') FROM jsonb_array_elements(things) t
        WHERE t.value ->> 'item' LIKE 'right %'));
    RETURN jsonb_build_object('yearly_table', known_as, 'processed_mvs', days, 'total_records', total);
END
$$;
