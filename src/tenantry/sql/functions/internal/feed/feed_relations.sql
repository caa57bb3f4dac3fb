CREATE OR REPLACE FUNCTION _wh_internal.feed_relations(feed _wh.feeds)
RETURNS TABLE (relid oid, relname text, suffix text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What holds a feed's rows, or looks so by its name, in any storage; `suffix` follows the stem of its
    -- name.
    SELECT DISTINCT r.relid, r.relname,
        substr(r.relname, length(_wh_internal.name_stem(feed.template_name)) + 1)
    FROM _wh.storages s
    CROSS JOIN LATERAL _wh_internal.storage_relations(jsonb_populate_record(feed,
        jsonb_build_object('storage', s.storage))) r
$$;
