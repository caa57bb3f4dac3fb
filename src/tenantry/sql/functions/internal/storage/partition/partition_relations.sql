CREATE OR REPLACE FUNCTION _wh_internal.partition_relations(feed _wh.feeds, only_daily boolean)
RETURNS TABLE (relid oid, relname text, first_day date, last_day date, daily boolean, folded boolean,
    trusted boolean, leftover boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The partitions of the tenant's table. They have the days that are recorded.
    SELECT l.relid, l.relname, make_date(l.year, coalesce(l.month, 1), 1),
        (make_date(l.year, coalesce(l.month, 12), 1) + interval '1 month')::date - 1, false,
        l.month IS NULL AND l.relid IN (SELECT s.relid FROM _wh_internal.table_states(feed) s
            WHERE s.state = 'folded'), false, false
    FROM _wh_internal.partition_leaves(feed) l
    WHERE only_daily IS NOT TRUE AND l.year > 0 AND coalesce(l.month, 1) BETWEEN 1 AND 12
$$;
