CREATE OR REPLACE FUNCTION _wh_internal.merge_days(template _wh.mv_templates, leaf regclass, stage regclass, first_day date, last_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the rows of the days first_day to last_day equal to those of a staging table, and touch only what differs; the
-- number of rows that were. Rows are compared by their binary image (*=), as REFRESH ... CONCURRENTLY does: it knows
-- 1.0 from 1.00, and types that have no equality. Without a unique index the days are replaced.
DECLARE
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    key text[] := _wh_internal.unique_key(leaf,
        ARRAY(SELECT c.column_name FROM _wh.template_columns c WHERE c.template_name = template.template_name));
    columns text := _wh_internal.column_list(template.template_name);
    key_list text;
    same_key text;
    doubled text;
    image text;
    same boolean;
    changed bigint;
    total bigint := 0;
BEGIN
    IF key IS NULL THEN
        EXECUTE format('DELETE FROM %s WHERE %s', leaf, predicate);
        GET DIAGNOSTICS total = ROW_COUNT;
        EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', leaf, columns, columns, stage);
        GET DIAGNOSTICS changed = ROW_COUNT;
        RETURN total + changed;
    END IF;
    SELECT string_agg(format('t.%1$I = s.%1$I', k), ' AND '), string_agg(quote_ident(k), ', ') INTO same_key, key_list FROM unnest(key) k;
    -- Without the cast PostgreSQL would compare two ROW() column by column.
    SELECT format('ROW(%s)::record OPERATOR(pg_catalog.*=) ROW(%s)::record', string_agg(format('t.%I', c.column_name), ', ' ORDER BY c.position),
        string_agg(format('s.%I', c.column_name), ', ' ORDER BY c.position))
    INTO image FROM _wh.template_columns c WHERE c.template_name = template.template_name;
    -- Mostly nothing changed: as many rows on both sides as pairs of equal ones say so in one pass.
    EXECUTE format('SELECT p.n = (SELECT count(*) FROM %2$s) AND p.n = (SELECT count(*) FROM %1$s WHERE %3$s)'
        ' FROM (SELECT count(*) AS n FROM (SELECT * FROM %1$s WHERE %3$s) t JOIN %2$s s ON %4$s AND %5$s) p', leaf, stage, predicate, same_key, image) INTO same;
    IF same THEN
        RETURN 0;
    END IF;
    -- Else those that are there already would pass, though the day has fewer rows than the source gave.
    EXECUTE format('SELECT ROW(%1$s)::text FROM %2$s WHERE ROW(%1$s) IS NOT NULL GROUP BY %1$s HAVING count(*) > 1 LIMIT 1', key_list, stage) INTO doubled;
    IF doubled IS NOT NULL THEN
        RAISE EXCEPTION 'the source gives more than one row with the same %: %', key_list, doubled USING ERRCODE = 'unique_violation';
    END IF;
    EXECUTE format('DELETE FROM %s t WHERE %s AND NOT EXISTS (SELECT FROM %s s WHERE %s)', leaf, predicate, stage, same_key);
    GET DIAGNOSTICS total = ROW_COUNT;
    -- A row that moved here from another day of the same table is found by its key; what the source said of that day is
    -- then no longer true of its rows. Looked up row by row, as ON CONFLICT does: a join might read the whole table.
    EXECUTE format($q$
        WITH fresh AS MATERIALIZED (SELECT %1$s FROM %2$s s WHERE NOT EXISTS (SELECT FROM %3$s t WHERE %4$s AND %5$s AND %6$s)),
        left_days AS (
            UPDATE _wh.slices SET digest = NULL WHERE schema_name = %7$L AND template_name = %8$L AND digest IS NOT NULL
                AND slice_date IN (SELECT (SELECT (t.%9$I%10$s)::date FROM %3$s t WHERE %5$s AND (%4$s) IS NOT TRUE) FROM fresh s)
        )
        INSERT INTO %3$s (%1$s) SELECT %1$s FROM fresh ON CONFLICT (%11$s) DO UPDATE SET %12$s$q$,
        columns, stage, leaf, predicate, same_key, image,
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = leaf), template.template_name,
        template.time_column, _wh_internal.day_zone(template), key_list,
        (SELECT string_agg(format('%1$I = excluded.%1$I', c.column_name), ', ') FROM _wh.template_columns c WHERE c.template_name = template.template_name));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN total + changed;
END
$$;
