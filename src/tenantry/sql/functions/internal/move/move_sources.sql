CREATE OR REPLACE FUNCTION _wh_internal.move_sources(feed _wh.feeds, template _wh.mv_templates, target_year integer)
RETURNS TABLE (first_day date, last_day date, body text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What reports see of a year as it is kept now: statements that select the template's columns, with the days that
    -- each covers.
    WITH years AS MATERIALIZED (
        SELECT y.relid FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview' AND y.year = target_year
        UNION ALL
        SELECT to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))
        WHERE feed.storage = 'partition' AND EXISTS (SELECT FROM _wh_internal.partition_leaves(feed) l WHERE l.year = target_year)
    ), relations AS (
        SELECT y.relid, make_date(target_year, 1, 1) AS first_day, make_date(target_year, 12, 31) AS last_day FROM years y
        UNION ALL
        SELECT s.relid, s.slice_date, s.slice_date FROM _wh_internal.slice_relations(feed) s
        WHERE feed.storage = 'matview' AND extract(year FROM s.slice_date) = target_year AND NOT EXISTS (SELECT FROM years)
    )
    SELECT r.first_day, r.last_day, format('SELECT %s FROM %s WHERE %s', _wh_internal.select_list(r.relid, _wh_internal.feed_columns(feed)),
        r.relid::regclass, _wh_internal.day_predicate(template, r.first_day, r.last_day))
    FROM relations r JOIN pg_class c ON c.oid = r.relid AND (c.relkind <> 'm' OR c.relispopulated) ORDER BY r.first_day
$$;
