CREATE OR REPLACE FUNCTION _wh_internal.matview_relations(feed _wh.feeds, only_daily boolean)
RETURNS TABLE (relid oid, relname text, first_day date, last_day date, daily boolean, folded boolean,
    trusted boolean, leftover boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Daily materialized views and yearly tables. A folded year that was created by hand has no records, and
    -- is trusted.
    WITH years AS MATERIALIZED (
        SELECT y.year, y.relid, y.relname, y.open FROM _wh_internal.year_relations(feed) y WHERE y.year > 0
    )
    SELECT y.relid, y.relname, make_date(y.year, 1, 1), make_date(y.year, 12, 31), false, NOT y.open,
        NOT y.open, false
    FROM years y WHERE only_daily IS NOT TRUE
    UNION ALL
    SELECT s.relid, s.relname, s.slice_date, s.slice_date, true, false, false,
        extract(year FROM s.slice_date)::integer IN (SELECT y.year FROM years y)
    FROM _wh_internal.slice_relations(feed) s WHERE only_daily IS NOT FALSE
$$;
