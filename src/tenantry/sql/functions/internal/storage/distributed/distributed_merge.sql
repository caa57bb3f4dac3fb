CREATE OR REPLACE FUNCTION _wh_internal.distributed_merge(feed _wh.feeds, template _wh.mv_templates,
    leaf regclass, stage regclass, first_day date, last_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- merge_days for a table on other nodes. The days are fetched and compared here, by their binary images. If
-- a row differs, the days are replaced: sending them all takes one COPY, and telling the nodes row by row
-- takes more. Returns the number of rows that differ.
DECLARE
    columns text := _wh_internal.column_list(template.template_name);
    days text := _wh_internal.day_predicate(template, first_day, last_day);
    key text[] := _wh_internal.unique_key(leaf, ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name));
    key_list text;
    wanted text;
    doubled text;
    differing bigint;
    taken date[];
BEGIN
    PERFORM FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = template.template_name
        AND s.slice_date BETWEEN first_day AND last_day ORDER BY s.slice_date FOR UPDATE;
    IF to_regclass('pg_temp.tenantry_stored') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_stored;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_stored ON COMMIT DROP AS SELECT %s FROM %s WHERE %s',
        columns, leaf, _wh_internal.feed_rows(feed, days));
    EXECUTE format($q$
        WITH stored AS MATERIALIZED (SELECT record_send(ROW(%1$s)) FROM pg_temp.tenantry_stored),
            wanted AS MATERIALIZED (SELECT record_send(ROW(%1$s)) FROM %2$s)
        SELECT (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE wanted) d)
            + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE stored) d)$q$, columns, stage)
    INTO differing;
    DROP TABLE pg_temp.tenantry_stored;
    IF differing = 0 THEN
        RETURN 0;
    END IF;
    IF key IS NOT NULL THEN
        key_list := (SELECT string_agg(quote_ident(k), ', ') FROM unnest(key) k);
        EXECUTE format('SELECT ROW(%1$s)::text FROM %2$s WHERE ROW(%1$s) IS NOT NULL GROUP BY %1$s '
            'HAVING count(*) > 1 LIMIT 1', key_list, stage) INTO doubled;
        IF doubled IS NOT NULL THEN
            RAISE EXCEPTION 'the source returned more than one row with the same %: %', key_list, doubled
                USING ERRCODE = 'unique_violation';
        END IF;
        -- A row that moved here from another day of the same table goes there, and that day's digest no
        -- longer describes its rows. The keys travel as arrays: the nodes do not have the staging table.
        EXECUTE format('SELECT format(%L, %s) FROM %s', 'SELECT * FROM unnest('
            || (SELECT string_agg(format('%%L::%s[]', format_type(a.atttypid, -1)), ', ' ORDER BY k.n)
                FROM unnest(key) WITH ORDINALITY AS k (name, n)
                JOIN pg_attribute a ON a.attrelid = stage AND a.attname = k.name) || ')',
            (SELECT string_agg(format('array_agg(%I)', k), ', ') FROM unnest(key) k), stage) INTO wanted;
        EXECUTE format('SELECT array_agg(DISTINCT d.day) FROM (SELECT (%I%s)::date AS day FROM %s WHERE %s '
            'AND (%s) IN (%s)) d', template.time_column, _wh_internal.day_zone(template), leaf,
            _wh_internal.feed_rows(feed, format('(%s) IS NOT TRUE', days)), key_list, wanted) INTO taken;
        IF taken IS NOT NULL THEN
            UPDATE _wh.slices s SET digest = NULL WHERE s.schema_name = feed.schema_name
                AND s.template_name = template.template_name AND s.slice_date = ANY (taken);
            EXECUTE format('DELETE FROM %s WHERE %s AND (%s) IN (%s)', leaf, _wh_internal.feed_rows(feed,
                format('(%s) IS NOT TRUE', days)), key_list, wanted);
        END IF;
    END IF;
    EXECUTE format('DELETE FROM %s WHERE %s', leaf, _wh_internal.feed_rows(feed, days));
    EXECUTE format('INSERT INTO %s (schema_name, %s) SELECT %L, %s FROM %s', leaf, columns, feed.schema_name,
        columns, stage);
    RETURN differing;
END
$$;
