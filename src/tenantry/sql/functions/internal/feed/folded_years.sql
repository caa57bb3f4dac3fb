CREATE OR REPLACE FUNCTION _wh_internal.folded_years(feed _wh.feeds) RETURNS TABLE (year integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The years that were folded into one table.
    SELECT DISTINCT extract(year FROM r.first_day)::integer
    FROM _wh_internal.storage_relations(feed, only_daily => false) r WHERE r.folded
$$;
