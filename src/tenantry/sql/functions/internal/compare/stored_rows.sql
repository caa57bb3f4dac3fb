CREATE OR REPLACE FUNCTION _wh_internal.stored_rows(feed _wh.feeds, template _wh.mv_templates, first_day date, last_day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A statement for the rows that reports see of some days, with the template's columns and the UTC day as slice_date: by the
    -- time column, or without one by the slice or yearly table that holds them.
    --
    -- Of materialized views those are read that the tenant's view reads, as all of it would be read for any day: the days and
    -- their neighbours, where rows of another zone would be. One without data counts as empty; every report fails on it.
    WITH seen AS MATERIALIZED (
        SELECT d.refobjid AS relid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE d.refclassid = 'pg_class'::regclass
            AND r.ev_class = to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))
    ), by_time AS (
        SELECT format('(%I%s)::date', template.time_column, _wh_internal.day_zone(template)) AS day,
            _wh_internal.day_predicate(template, first_day, last_day) AS days
        WHERE template.time_column IS NOT NULL
    ), held AS (
        SELECT s.relid, s.relname, format('DATE %L', to_char(s.slice_date::timestamp, 'YYYY-MM-DD')) AS day, 'true' AS days
        FROM _wh_internal.slice_relations(feed) s JOIN pg_class c ON c.oid = s.relid
        WHERE feed.storage = 'matview' AND c.relispopulated
            AND s.slice_date BETWEEN first_day - (SELECT count(*) FROM by_time)::integer AND last_day + (SELECT count(*) FROM by_time)::integer
        UNION ALL
        SELECT y.relid, y.relname, 'slice_date', format('slice_date BETWEEN %L AND %L',
            to_char(first_day::timestamp, 'YYYY-MM-DD'), to_char(last_day::timestamp, 'YYYY-MM-DD'))
        FROM _wh_internal.year_relations(feed) y
        WHERE feed.storage = 'matview' AND y.year BETWEEN extract(year FROM first_day - 1) AND extract(year FROM last_day + 1)
        UNION ALL
        SELECT c.oid, c.relname::text, NULL, NULL FROM pg_class c
        WHERE feed.storage = 'partition' AND c.oid = to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))
    )
    SELECT coalesce(
        (SELECT string_agg(format('SELECT %s, %s AS slice_date FROM %I.%I WHERE %s',
            _wh_internal.select_list(h.relid, _wh_internal.feed_columns(feed)), coalesce(b.day, h.day), feed.schema_name, h.relname,
            coalesce(b.days, h.days)), ' UNION ALL ')
         FROM held h LEFT JOIN by_time b ON true WHERE feed.storage = 'partition' OR h.relid IN (SELECT s.relid FROM seen s)),
        format('SELECT e.*, NULL::date AS slice_date FROM (%s) e', _wh_internal.empty_select(_wh_internal.feed_columns(feed))))
$$;
