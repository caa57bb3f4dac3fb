CREATE OR REPLACE FUNCTION _wh_internal.partition_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, by_steps boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Rewrite a closed year as one table instead of months, sorted by time: this takes less space, and puts a
-- day's rows side by side. It is swapped in at the end. The caller holds the year's lock and has checked
-- that the year is complete.
DECLARE
    parent regclass := _wh_internal.partition_tenant(feed, template);
    name text := _wh_internal.kept_stem(feed) || to_char(target_year, '"_"FM0000');
    target text := format('_wh_data.%I', name);
    fresh_name text := _wh_internal.fit_name('tenantry_new_' || name);
    fresh text := format('_wh_data.%I', fresh_name);
    -- Includes those that the template has dropped.
    columns text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = parent AND a.attnum > 0 AND NOT a.attisdropped);
    leaves oid[] := ARRAY(SELECT l.relid FROM _wh_internal.partition_leaves(feed) l
        WHERE l.year = target_year);
    things jsonb;
    dependents text := _wh_internal.operators_dependents(leaves);
    former text[] := ARRAY(SELECT l.relname FROM _wh_internal.partition_leaves(feed) l
        WHERE l.year = target_year);
    fillings oid[] := ARRAY(SELECT pg_relation_filenode(l.relid) FROM _wh_internal.partition_leaves(feed) l
        WHERE l.year = target_year);
    key text;
    swap text;
    index record;
    days bigint;
    total bigint;
BEGIN
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION 'year % of %.% cannot be folded: other objects need what is replaced', target_year,
            feed.schema_name, feed.template_name
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = format('Drop these, run this again, then create them again: %s', dependents);
    END IF;
    -- An autovacuum is cancelled for a session that waits long enough, which the swap never does. Reports
    -- are not affected.
    EXECUTE (SELECT coalesce(string_agg(format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE;',
        l.relid::regclass), ' '), '')
        FROM _wh_internal.partition_leaves(feed) l WHERE l.year = target_year);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', fresh, parent);
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s ORDER BY %I', fresh, columns, columns,
        parent,
        _wh_internal.day_predicate(template, make_date(target_year, 1, 1), make_date(target_year, 12, 31)),
            template.time_column);
    GET DIAGNOSTICS total = ROW_COUNT;
    BEGIN
        EXECUTE _wh_internal.kept_indexes(feed, template, fresh_name);
    EXCEPTION WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS key = PG_EXCEPTION_DETAIL;
        RAISE EXCEPTION 'year % of %.%: rows are in more than one day: %', target_year, feed.schema_name,
            feed.template_name, SQLERRM
            USING ERRCODE = 'unique_violation', DETAIL = key,
                HINT = 'A row moved to another day at the source: load both days again with '
                'update_mv_window_by_template.';
    END;
    things := _wh_internal.keep_things(format('year %s of %I.%I', target_year, feed.schema_name,
        feed.template_name), leaves, 'r', parent, fresh::regclass);
    PERFORM _wh_internal.make_room(things, leaves);
    PERFORM _wh_internal.put_back(fresh, things);
    PERFORM _wh_internal.publish_identity(fresh::regclass);
    EXECUTE format('ANALYZE %s', fresh);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT tenantry_year CHECK (%I IS NOT NULL AND %s)', fresh,
        template.time_column,
        _wh_internal.day_predicate(template, make_date(target_year, 1, 1), make_date(target_year, 12, 31)));
    SELECT string_agg(format('ALTER TABLE %s DETACH PARTITION %s; DROP TABLE %s;', parent, l.relid::regclass,
        l.relid::regclass), ' ')
    INTO swap FROM _wh_internal.partition_leaves(feed) l WHERE l.year = target_year;
    PERFORM _wh_internal.execute_patiently(format('%s ALTER TABLE %s RENAME TO %I; ALTER TABLE %s ATTACH '
        'PARTITION %s FOR VALUES FROM (%s) TO (%s);'
        ' ALTER TABLE %s DROP CONSTRAINT tenantry_year;', swap, fresh, name, parent, target,
        _wh_internal.day_bound(template, make_date(target_year, 1, 1)),
            _wh_internal.day_bound(template, make_date(target_year + 1, 1, 1)),
        target));
    PERFORM _wh_internal.note_table(feed, l.relname, NULL) FROM unnest(former) l (relname);
    PERFORM _wh_internal.note_table(feed, name, 'folded');
    PERFORM _wh_internal.bind_days(feed, target, make_date(target_year, 1, 1),
        make_date(target_year, 12, 31), fillings);
    FOR index IN SELECT n.index_name AS old, f.index_name AS new
        FROM ROWS FROM (_wh_internal.index_statements(template.template_name, feed.schema_name,
        fresh_name)) WITH ORDINALITY n
        JOIN ROWS FROM (_wh_internal.index_statements(template.template_name, feed.schema_name,
            name)) WITH ORDINALITY f ON f.ordinality = n.ordinality
    LOOP
        EXECUTE format('ALTER INDEX _wh_data.%I RENAME TO %I', index.old, index.new);
    END LOOP;
    SELECT count(*) INTO days FROM _wh_internal.present_days(feed) p
        WHERE extract(year FROM p.slice_date) = target_year;
    RETURN jsonb_build_object('yearly_table', _wh_internal.yearly_name(template.template_name, target_year),
        'processed_mvs', days, 'total_records', total);
END
$$;
