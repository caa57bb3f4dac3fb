CREATE OR REPLACE FUNCTION _wh_internal.stored_rows(feed _wh.feeds, template _wh.mv_templates,
    first_day date, last_day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A statement for the rows that reports see of some days, with the template's columns and the UTC day as
    -- slice_date. The day comes from the time column, or without one from the slice or yearly table that
    -- holds the row.
    --
    -- Reports read the tenant's relation, or, if that is a view, what the view reads. Reading any day through
    -- the view would read all of it. So only the days and their neighbours are read, where rows of another
    -- time zone would be. A relation without data counts as empty; every report fails on it.
    WITH tenant AS MATERIALIZED (
        SELECT to_regclass(format('%I.%I', feed.schema_name,
            _wh_internal.fit_name(feed.template_name)))::oid AS relid
    ), seen AS MATERIALIZED (
        SELECT t.relid FROM tenant t
        UNION ALL
        SELECT unnest(_wh_internal.view_reads(t.relid)) FROM tenant t
    ), by_time AS (
        SELECT format('(%I%s)::date', template.time_column, _wh_internal.day_zone(template)) AS day,
            _wh_internal.day_predicate(template, first_day, last_day) AS days
        WHERE template.time_column IS NOT NULL
    ), held AS (
        SELECT s.relid,
            CASE WHEN s.alone THEN format('DATE %L', to_char(s.first_day::timestamp, 'YYYY-MM-DD'))
                ELSE 'slice_date' END AS day,
            CASE WHEN s.alone THEN 'true' ELSE format('slice_date BETWEEN %L AND %L',
                to_char(first_day::timestamp, 'YYYY-MM-DD'),
                to_char(last_day::timestamp, 'YYYY-MM-DD')) END AS days
        FROM _wh_internal.storage_sources(feed, first_day - (SELECT count(*) FROM by_time)::integer,
            last_day + (SELECT count(*) FROM by_time)::integer) s
    )
    SELECT coalesce(
        (SELECT string_agg(format('SELECT %s, %s AS slice_date FROM %s WHERE %s',
            _wh_internal.select_list(h.relid, _wh_internal.feed_columns(feed)), coalesce(b.day, h.day),
            h.relid::regclass, _wh_internal.feed_rows(feed, coalesce(b.days, h.days))), ' UNION ALL ')
         FROM held h LEFT JOIN by_time b ON true WHERE h.relid IN (SELECT s.relid FROM seen s)),
        format('SELECT e.*, NULL::date AS slice_date FROM (%s) e',
            _wh_internal.empty_select(_wh_internal.feed_columns(feed))))
$$;
