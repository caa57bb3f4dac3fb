CREATE OR REPLACE FUNCTION _wh_internal.shared_relations(feed _wh.feeds, only_daily boolean)
RETURNS TABLE (relid oid, relname text, first_day date, last_day date, daily boolean, folded boolean,
    trusted boolean, leftover boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The shared tables for whose days the feed has records: other tenants may have more.
    SELECT l.relid, l.relname, l.first_day, l.last_day, false, l.relid IN (SELECT s.relid
        FROM _wh_internal.table_states(feed) s WHERE s.state = 'folded'), false, false
    FROM _wh_internal.shared_leaves(feed.template_name, feed.storage) l
    WHERE only_daily IS NOT TRUE AND EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN l.first_day AND l.last_day)
$$;
