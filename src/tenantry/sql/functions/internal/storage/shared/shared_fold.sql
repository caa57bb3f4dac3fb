CREATE OR REPLACE FUNCTION _wh_internal.shared_fold(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, by_steps boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A tenant's closed year stays where it is, among the others: it is checked, and recorded as folded. The
-- caller holds the year's lock and has checked that the year is complete.
DECLARE
    first_day date := make_date(target_year, 1, 1);
    last_day date := make_date(target_year, 12, 31);
    rows_of_year text := format('%s WHERE %s', _wh_internal.storage_table(feed)::regclass,
        _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, first_day, last_day)));
    key text;
    doubled text;
    days bigint;
    total bigint;
BEGIN
    FOR key IN SELECT (SELECT string_agg(quote_ident(k), ', ') FROM unnest(i.key_columns) k)
        FROM _wh.template_indexes i WHERE i.template_name = template.template_name AND i.is_unique
            AND i.position IS NOT NULL AND i.key_columns IS NOT NULL
    LOOP
        -- A unique index holds within one table, and the year may have a table for each month.
        EXECUTE format('SELECT ROW(%1$s)::text FROM %2$s AND ROW(%1$s) IS NOT NULL GROUP BY %1$s '
            'HAVING count(*) > 1 LIMIT 1', key, rows_of_year) INTO doubled;
        IF doubled IS NOT NULL THEN
            RAISE EXCEPTION 'year % of %.%: rows are in more than one day: % %', target_year,
                feed.schema_name, feed.template_name, key, doubled
                USING ERRCODE = 'unique_violation',
                HINT = 'A row moved to another day at the source: load both days again with '
                    'update_mv_window_by_template.';
        END IF;
    END LOOP;
    EXECUTE format('SELECT count(*) FROM %s', rows_of_year) INTO total;
    PERFORM _wh_internal.note_table(feed, l.relname, 'folded')
    FROM _wh_internal.shared_leaves(feed.template_name, feed.storage) l
    WHERE extract(year FROM l.first_day) = target_year;
    SELECT count(*) INTO days FROM _wh_internal.present_days(feed) p
        WHERE extract(year FROM p.slice_date) = target_year;
    RETURN jsonb_build_object('yearly_table', _wh_internal.yearly_name(template.template_name, target_year),
        'processed_mvs', days, 'total_records', total);
END
$$;
