CREATE OR REPLACE FUNCTION _wh_internal.feed_rows(feed _wh.feeds, predicate text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The condition for a feed's own rows in a relation of its storage, and this predicate.
    SELECT CASE WHEN EXISTS (SELECT FROM _wh.storages s WHERE s.storage = feed.storage AND s.shared)
        THEN format('schema_name = %L AND (%s)', feed.schema_name, predicate) ELSE predicate END
$$;
