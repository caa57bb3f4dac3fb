CREATE OR REPLACE FUNCTION _wh_internal.partition_rerange(feed _wh.feeds, template _wh.mv_templates)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Rewrite a tenant's table, partitioned by the time column that the template names now, from its own rows:
-- all of them, or none if some have no such time. The old table serves reports until the swap at the end.
-- Afterwards the days of the new column are loaded again, because the old query chose other rows. Blocks
-- loads of the tenant.
DECLARE
    name text := _wh_internal.kept_name(feed);
    old regclass := _wh_internal.kept_relation(name)::regclass;
    root regclass := (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = old);
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_new_');
    fresh text := format('_wh_data.%I', _wh_internal.kept_name(side));
    strayed text := _wh_internal.fit_name(_wh_internal.kept_base(feed.schema_name, 'tenantry_new_former'));
    day text := format('(%I%s)::date', template.time_column, _wh_internal.day_zone(template));
    things jsonb := _wh_internal.keep_things(old::text, ARRAY[old::oid], 'p');
    leaves oid[] := ARRAY(SELECT l.relid FROM _wh_internal.partition_leaves(feed) l);
    parts jsonb := CASE WHEN leaves <> '{}' THEN _wh_internal.keep_things(old::text, leaves, 'r', old) END;
    folded integer[] := ARRAY(SELECT y.year FROM _wh_internal.folded_years(feed) y);
    former text := _wh_internal.former_rows(feed);
    columns text;
    body text;
    selected text;
    strays bigint;
    copied bigint;
    there bigint;
    whole_years integer[] := ARRAY(SELECT l.year FROM _wh_internal.partition_leaves(feed) l
        WHERE l.month IS NULL);
    period text;
    first_day date;
    suffix text;
    part record;
    statements text := '';
BEGIN
    PERFORM _wh_internal.await_lock(_wh_internal.tenant_lock(feed.schema_name), false,
        format('tenant %s, on which another session works', feed.schema_name)),
        _wh_internal.hear_of_changes();
    IF _wh_internal.partition_outranged(template, old) IS NULL THEN
        RETURN;
    END IF;
    PERFORM _wh_internal.lock_view('public', feed.template_name);
    PERFORM _wh_internal.hold_template_tenants(ARRAY[feed.template_name]);
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    -- The template's columns as declared, and those that it has dropped.
    SELECT string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.n),
        string_agg(quote_ident(c.name), ', ' ORDER BY c.n),
        string_agg(CASE WHEN a.attname IS NULL THEN format('NULL::%s', c.type)
            ELSE format('%I::%s', c.name, c.type) END, ', ' ORDER BY c.n)
    INTO statements, columns, selected
    FROM (SELECT t.position AS n, t.column_name AS name, t.data_type AS type FROM _wh.template_columns t
        WHERE t.template_name = template.template_name
        UNION ALL SELECT 10000 + x.attnum, x.attname, format_type(x.atttypid, x.atttypmod) FROM pg_attribute x
        WHERE x.attrelid = old AND x.attnum > 0 AND NOT x.attisdropped AND x.attname <> 'schema_name'
            AND x.attname NOT IN (SELECT t.column_name FROM _wh.template_columns t
            WHERE t.template_name = template.template_name)) c
    LEFT JOIN pg_attribute a ON a.attrelid = old AND a.attname = c.name AND NOT a.attisdropped;
    body := format('(SELECT %s FROM %s) q (%s)', selected, old, columns);
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE %1$I IS NULL OR NOT isfinite(%1$I) OR '
        'extract(year FROM %2$s) NOT BETWEEN 1 AND 9999) FROM %3$s',
        template.time_column, day, body) INTO there, strays;
    IF strays > 0 AND strays < there THEN
        RAISE EXCEPTION '% of % rows of % have no %, the template''s time column: they would have no day',
            strays, there, old, template.time_column
            USING ERRCODE = 'not_null_violation',
                HINT = 'In the template, name a time column that every row has.';
    END IF;
    EXECUTE format('CREATE TABLE %s (schema_name text NOT NULL DEFAULT %L CONSTRAINT schema_name_check CHECK '
        '(schema_name = %L), %s) PARTITION BY RANGE (%I)',
        fresh, feed.schema_name, feed.schema_name, statements, template.time_column);
    statements := '';
    -- Years that were one table stay one table.
    FOR period, first_day IN EXECUTE format($q$
        SELECT DISTINCT CASE WHEN %2$L = 'month' AND extract(year FROM %1$s) <> ALL (%3$L::integer[])
        THEN 'month' ELSE 'year' END AS period,
            date_trunc(CASE WHEN %2$L = 'month' AND extract(year FROM %1$s) <> ALL (%3$L::integer[])
            THEN 'month' ELSE 'year' END, (%1$s)::timestamp)::date AS first_day FROM %4$s
                WHERE %1$s IS NOT NULL ORDER BY 2$q$, day, template.partition_by, whole_years, body)
    LOOP
        suffix := to_char(first_day::timestamp, CASE period WHEN 'month' THEN '_YYYY_MM' ELSE '_YYYY' END);
        EXECUTE format('CREATE TABLE _wh_data.%I PARTITION OF %s FOR VALUES FROM (%s) TO (%s)',
            _wh_internal.kept_stem(side) || suffix, fresh,
            _wh_internal.day_bound(template, first_day),
            _wh_internal.day_bound(template, (first_day + ('1 ' || period)::interval)::date));
        statements := statements || format('ALTER TABLE _wh_data.%I RENAME TO %I; ',
            _wh_internal.kept_stem(side) || suffix, _wh_internal.kept_stem(feed) || suffix);
    END LOOP;
    IF strays > 0 THEN
        -- The column is new to all of them: they stay, in a table of their own, until they are loaded again
        -- (merge_days).
        EXECUTE format('CREATE TABLE _wh_data.%I PARTITION OF %s DEFAULT', strayed, fresh);
        statements := statements || format('ALTER TABLE _wh_data.%I RENAME TO %I; ', strayed, former);
    END IF;
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY %I', fresh, columns, columns, body,
        template.time_column);
    GET DIAGNOSTICS copied = ROW_COUNT;
    IF strays > 0 THEN
        EXECUTE _wh_internal.kept_indexes(feed, template, former, strayed);
    END IF;
    -- The old table's indexes have the names, so the new ones are renamed with their tables.
    FOR part IN
        SELECT l.relname,
        _wh_internal.kept_stem(feed) || substr(l.relname, length(_wh_internal.kept_stem(side)) + 1) AS final
        FROM _wh_internal.partition_leaves(side) l LOOP
        EXECUTE _wh_internal.kept_indexes(feed, template, part.relname);
        EXECUTE format('ANALYZE _wh_data.%I', part.relname);
        statements := statements
            || coalesce((SELECT string_agg(format('ALTER INDEX _wh_data.%I RENAME TO %I; ',
            n.index_name, f.index_name), '')
            FROM ROWS FROM (_wh_internal.index_statements(template.template_name, feed.schema_name,
                part.relname)) WITH ORDINALITY n
            JOIN ROWS FROM (_wh_internal.index_statements(template.template_name, feed.schema_name,
                part.final)) WITH ORDINALITY f ON f.ordinality = n.ordinality), '');
    END LOOP;
    PERFORM _wh_internal.execute_patiently(concat(
        _wh_internal.blank_view('public', _wh_internal.fit_name(template.template_name)),
        _wh_internal.blank_views(feed),
        CASE WHEN root IS NOT NULL THEN format('ALTER TABLE %s DETACH PARTITION %s; ', root, old) END,
        format('DROP TABLE %s; ', old), statements, format('ALTER TABLE %s RENAME TO %I; ', fresh, name),
        format('SELECT _wh_internal.put_back(%L, %L); ', format('_wh_data.%I', name), things),
        format('SELECT _wh_internal.show_table(%L); ', feed),
        format('SELECT _wh.update_public_view_by_template(%L)', template.template_name)));
    DELETE FROM _wh.feed_tables t
        WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name;
    FOR part IN SELECT l.*, make_date(l.year, coalesce(l.month, 1), 1) AS first_day,
            (make_date(l.year, coalesce(l.month, 12), 1) + interval '1 month')::date - 1 AS last_day
            FROM _wh_internal.partition_leaves(feed) l LOOP
        PERFORM _wh_internal.put_back(part.relid::regclass::text, coalesce(parts, '[]'), exact => false),
            _wh_internal.note_table(feed, part.relname, CASE WHEN part.month IS NULL
            AND part.year = ANY (folded) THEN 'folded' END),
            _wh_internal.bind_days(feed, part.relid::regclass, part.first_day, part.last_day, '{}');
    END LOOP;
    PERFORM _wh_internal.publish_years(feed);
    UPDATE _wh.slices s SET time_column = CASE strays WHEN 0 THEN template.time_column
        ELSE s.time_column END, digest = NULL
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.loaded_at IS NOT NULL;
    PERFORM _wh_internal.write_log('fit_storage', 'INFO',
        format('repartitioned by "%s"', template.time_column),
        to_jsonb(feed) || jsonb_build_object('rows', copied));
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS statements = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION 'the table % has to be rewritten, but other objects need it', old
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = statements,
        HINT = 'Drop those, run this again, then create them again.';
END
$$;
