CREATE OR REPLACE FUNCTION _wh_internal.storage_table(feed _wh.feeds) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds all of a feed's rows, alone or with those of other tenants (feed_rows); NULL if
    -- there is none.
    SELECT _wh_internal.kept_relation(CASE WHEN s.shared
        THEN _wh_internal.shared_name(feed.template_name, s.storage) ELSE _wh_internal.kept_name(feed) END)
    FROM _wh.storages s WHERE s.storage = feed.storage
$$;
