CREATE OR REPLACE FUNCTION _wh_internal.feed_relations(feed _wh.feeds)
RETURNS TABLE (relid oid, relname text, suffix text, kept boolean)
LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
    -- The relations that hold a feed's rows alone, or seem to by their names, in any storage; `suffix` is
    -- what follows the stem of the name. kept: the relation is in _wh_data.
    SELECT r.relid, r.relname, substr(r.relname, length(CASE WHEN r.kept THEN _wh_internal.kept_stem(feed)
        ELSE _wh_internal.name_stem(feed.template_name) END) + 1), r.kept
    FROM (
        SELECT DISTINCT r.relid, r.relname, c.relnamespace = to_regnamespace('_wh_data') AS kept
        FROM _wh.storages s
        CROSS JOIN LATERAL _wh_internal.storage_relations(jsonb_populate_record(feed,
            jsonb_build_object('storage', s.storage))) r
        JOIN pg_class c ON c.oid = r.relid
        WHERE NOT s.shared
    ) r
$$;
