CREATE OR REPLACE FUNCTION _wh_internal.shared_holder(feed _wh.feeds, slice_date date, OUT relid oid,
    OUT alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT _wh_internal.shared_find(feed, slice_date)::oid, false
$$;
