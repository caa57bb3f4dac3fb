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
    -- Else those that are there already would pass, though the day has fewer rows than the source gave.
    EXECUTE format('SELECT ROW(%1$s)::text FROM %2$s WHERE ROW(%1$s) IS NOT NULL GROUP BY %1$s HAVING count(*) > 1 LIMIT 1', key_list, stage) INTO doubled;
    IF doubled IS NOT NULL THEN
        RAISE EXCEPTION 'the source gives more than one row with the same %: %', key_list, doubled USING ERRCODE = 'unique_violation';
    END IF;
    -- Without the cast PostgreSQL would compare two ROW() column by column.
    SELECT format('ROW(%s)::record OPERATOR(pg_catalog.*=) ROW(%s)::record', string_agg(format('t.%I', c.column_name), ', ' ORDER BY c.position),
        string_agg(format('s.%I', c.column_name), ', ' ORDER BY c.position))
    INTO image FROM _wh.template_columns c WHERE c.template_name = template.template_name;
    EXECUTE format('DELETE FROM %s t WHERE %s AND NOT EXISTS (SELECT FROM %s s WHERE %s)', leaf, predicate, stage, same_key);
    GET DIAGNOSTICS total = ROW_COUNT;
    -- A row that moved here from another day of the same table is found by its key.
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s s WHERE NOT EXISTS (SELECT FROM %s t WHERE %s AND %s AND %s)'
        ' ON CONFLICT (%s) DO UPDATE SET %s', leaf, columns, columns, stage, leaf, predicate, same_key, image,
        key_list,
        (SELECT string_agg(format('%1$I = excluded.%1$I', c.column_name), ', ') FROM _wh.template_columns c WHERE c.template_name = template.template_name));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN total + changed;
END
$$;
