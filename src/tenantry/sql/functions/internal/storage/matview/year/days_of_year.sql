CREATE OR REPLACE FUNCTION _wh_internal.days_of_year(feed _wh.feeds, target_year integer) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The daily materialized views of a year, in order.
    SELECT ARRAY(SELECT s.relid FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) = target_year ORDER BY s.slice_date)
$$;
