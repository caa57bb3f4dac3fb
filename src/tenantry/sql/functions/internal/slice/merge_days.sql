CREATE OR REPLACE FUNCTION _wh_internal.merge_days(feed _wh.feeds, template _wh.mv_templates, leaf regclass,
    stage regclass, first_day date, last_day date, vanished tid[] DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the rows of the days from first_day to last_day equal to those of a staging table, and change only
-- what differs. Returns the number of changed rows. Rows are compared by their binary image (*=), as REFRESH
-- ... CONCURRENTLY does, which tells 1.0 from 1.00 and works for types without equality. Without a unique
-- index, the days are replaced. If `vanished` is given, the staging table has only rows that are not stored,
-- and only the stored rows at these places can be superfluous (merge_difference).
DECLARE
    -- Of this tenant, where a table holds several.
    predicate text := _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, first_day,
        last_day));
    -- A place may have a row of another day by now.
    superfluous text := concat(predicate, CASE WHEN vanished IS NOT NULL THEN ' AND t.ctid = ANY ($1)' END);
    own text := _wh_internal.feed_rows(feed, 'true');
    key text[] := _wh_internal.unique_key(leaf,
        ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name));
    columns text := _wh_internal.column_list(template.template_name);
    key_list text;
    arbiter text;
    same_key text;
    former regclass := _wh_internal.kept_relation(_wh_internal.former_rows(feed))::regclass;
    gone text;
    doubled text;
    row_lock text;
    unseen boolean;
    image text;
    same boolean;
    changed bigint;
    total bigint := 0;
BEGIN
    PERFORM _wh_internal.publish_identity(leaf), set_config('tenantry.tenant', feed.schema_name, true);
    -- Rows that belonged to no day yet, because they predate the time column, now belong to one. A new table
    -- has no index yet.
    IF former IS NOT NULL THEN
        gone := (SELECT format('DELETE FROM %s t USING %s s WHERE %s', former, stage,
            string_agg(format('t.%1$I = s.%1$I', k), ' AND '))
            FROM unnest((SELECT i.key_columns FROM _wh.template_indexes i
                WHERE i.template_name = template.template_name AND i.position IS NOT NULL
                AND i.key_columns IS NOT NULL
                ORDER BY cardinality(i.key_columns), i.position LIMIT 1)) k HAVING count(*) > 0);
        IF gone IS NOT NULL THEN
            EXECUTE gone;
        END IF;
    END IF;
    IF key IS NULL THEN
        EXECUTE format('DELETE FROM %s t WHERE %s', leaf, superfluous) USING vanished;
        GET DIAGNOSTICS total = ROW_COUNT;
        EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', leaf, columns, columns, stage);
        GET DIAGNOSTICS changed = ROW_COUNT;
        RETURN total + changed;
    END IF;
    PERFORM _wh_internal.hold_records(feed, first_day, last_day);
    SELECT string_agg(format('t.%1$I = s.%1$I', k), ' AND '), string_agg(quote_ident(k), ', ')
        INTO same_key, key_list FROM unnest(key) k;
    IF own <> 'true' THEN
        same_key := concat(own, ' AND ', same_key);
        arbiter := 'schema_name, ' || key_list;
    ELSE
        arbiter := key_list;
    END IF;
    -- Without the cast, PostgreSQL would compare two ROW() column by column.
    SELECT format('ROW(%s)::record OPERATOR(pg_catalog.*=) ROW(%s)::record',
        string_agg(format('t.%I', c.column_name), ', ' ORDER BY c.position),
        string_agg(format('s.%I', c.column_name), ', ' ORDER BY c.position))
    INTO image FROM _wh.template_columns c WHERE c.template_name = template.template_name;
    -- Usually nothing has changed. One pass shows it: both sides have as many rows as there are rows here
    -- with an equal row there. Rows here are counted, not pairs: their keys differ, while rows there may be
    -- duplicates.
    IF vanished IS NULL THEN
        EXECUTE format('SELECT p.n = (SELECT count(*) FROM %2$s) AND p.n = (SELECT count(*) FROM %1$s '
            'WHERE %3$s) FROM (SELECT count(*) AS n FROM (SELECT * FROM %1$s WHERE %3$s) t '
            'WHERE EXISTS (SELECT FROM %2$s s WHERE %4$s AND %5$s)) p',
            leaf, stage, predicate, same_key, image) INTO same;
        IF same THEN
            RETURN 0;
        END IF;
    END IF;
    -- Otherwise rows that already exist would pass, although the day has fewer rows than the source returned.
    EXECUTE format('SELECT ROW(%1$s)::text FROM %2$s WHERE ROW(%1$s) IS NOT NULL GROUP BY %1$s HAVING '
        'count(*) > 1 LIMIT 1', key_list, stage) INTO doubled;
    IF doubled IS NOT NULL THEN
        RAISE EXCEPTION 'the source returned more than one row with the same %: %', key_list, doubled
            USING ERRCODE = 'unique_violation';
    END IF;
    EXECUTE format('DELETE FROM %s t WHERE %s AND NOT EXISTS (SELECT FROM %s s WHERE %s)', leaf, superfluous,
        stage, same_key) USING vanished;
    GET DIAGNOSTICS total = ROW_COUNT;
    -- A row that moved here from another day of the same table is found by its key; the source's digest of
    -- that day then no longer describes its rows. The days come first: a session that is loading one of them
    -- is waited for while no row is held. Then the rows, as they are by then. They are looked up row by row,
    -- as ON CONFLICT does, because a join might read the whole table.
    FOREACH row_lock IN ARRAY ARRAY['', 'FOR UPDATE'] LOOP
        EXECUTE format($q$
            WITH taken AS MATERIALIZED (
                SELECT (t.%1$I%2$s)::date AS day
                FROM (SELECT * FROM %3$s s WHERE NOT EXISTS (SELECT FROM %4$s t WHERE %6$s AND %5$s)) s
                CROSS JOIN LATERAL (SELECT * FROM %4$s t WHERE %5$s AND (%6$s) IS NOT TRUE LIMIT 1 %9$s) t
            )
            UPDATE _wh.slices SET digest = NULL WHERE schema_name = %7$L AND template_name = %8$L
                AND slice_date IN (SELECT day FROM taken)$q$,
            template.time_column, _wh_internal.day_zone(template), stage, leaf, same_key, predicate,
                feed.schema_name, template.template_name, row_lock);
    END LOOP;
    -- xmax tells an existing row from a new one. A row that existed but could not be seen came from a load
    -- that has just ended. Its former day is unknown, so the digests of all other days are cleared.
    EXECUTE format($q$
        WITH fresh AS MATERIALIZED (SELECT %1$s FROM %2$s s
        WHERE NOT EXISTS (SELECT FROM %3$s t WHERE %4$s AND %5$s AND %6$s)),
            written AS (INSERT INTO %3$s AS t (%1$s) SELECT %1$s FROM fresh ON CONFLICT (%7$s) DO UPDATE
            SET %8$s RETURNING t.xmax <> 0 AS replaced)
        SELECT count(*), count(*) FILTER (WHERE w.replaced) > (SELECT count(*) FROM fresh s
            WHERE EXISTS (SELECT FROM %3$s t WHERE %5$s)) FROM written w$q$,
        columns, stage, leaf, predicate, same_key, image, arbiter,
        (SELECT string_agg(format('%1$I = excluded.%1$I', c.column_name), ', ') FROM _wh.template_columns c
            WHERE c.template_name = template.template_name))
    INTO changed, unseen;
    IF unseen THEN
        UPDATE _wh.slices s SET digest = NULL
            WHERE s.schema_name = feed.schema_name AND s.template_name = template.template_name
            AND s.digest IS NOT NULL AND s.slice_date NOT BETWEEN first_day AND last_day;
    END IF;
    RETURN total + changed;
END
$$;
