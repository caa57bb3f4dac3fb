CREATE OR REPLACE FUNCTION _wh_internal.move_sources(feed _wh.feeds, template _wh.mv_templates,
    target_year integer)
RETURNS TABLE (first_day date, last_day date, body text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What reports see of a year in its current storage: statements that select the template's columns, with
    -- the days that each covers.
    SELECT s.first_day, s.last_day, format('SELECT %s FROM %s WHERE %s',
        _wh_internal.select_list(s.relid, _wh_internal.feed_columns(feed)), s.relid::regclass,
        _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, s.first_day, s.last_day)))
    FROM _wh_internal.storage_sources(feed, make_date(target_year, 1, 1), make_date(target_year, 12, 31)) s
    ORDER BY s.first_day
$$;
