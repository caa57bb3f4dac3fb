CREATE OR REPLACE FUNCTION _wh_internal.feed_key(feed _wh.feeds, day date) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns that identify a row within a day, by a unique index of the relation that holds the rows;
    -- NULL if there is none.
    SELECT _wh_internal.unique_key(r.relid, ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = feed.template_name))
    FROM _wh_internal.storage_holder(feed, day) r WHERE r.relid IS NOT NULL
$$;
