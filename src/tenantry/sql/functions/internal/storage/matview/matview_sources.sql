CREATE OR REPLACE FUNCTION _wh_internal.matview_sources(feed _wh.feeds, since date, until date)
RETURNS TABLE (relid oid, first_day date, last_day date, alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.relid, greatest(r.first_day, since), least(r.last_day, until), r.daily
    FROM _wh_internal.matview_relations(feed, NULL) r JOIN pg_class c ON c.oid = r.relid
    WHERE c.relispopulated AND NOT r.leftover AND r.first_day <= until AND r.last_day >= since
$$;
