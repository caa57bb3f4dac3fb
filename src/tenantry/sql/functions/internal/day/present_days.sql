CREATE OR REPLACE FUNCTION _wh_internal.present_days(feed _wh.feeds) RETURNS TABLE (slice_date date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The days whose rows are in the warehouse, including those of folded years.
    SELECT d.slice_date FROM _wh_internal.stored_days(feed, counted => false) d
$$;
