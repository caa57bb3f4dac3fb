CREATE OR REPLACE FUNCTION _wh_internal.feed_relations(feed _wh.feeds) RETURNS TABLE (relid oid, relname text, suffix text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What holds a feed's rows, in either storage; `suffix` follows the stem of its name.
    SELECT r.relid, r.relname, substr(r.relname, length(_wh_internal.name_stem(feed.template_name)) + 1) FROM (
        SELECT s.relid, s.relname FROM _wh_internal.slice_relations(feed) s
        UNION SELECT y.relid, y.relname FROM _wh_internal.year_relations(feed) y
        UNION SELECT l.relid, l.relname FROM _wh_internal.partition_leaves(feed) l
    ) r
$$;
