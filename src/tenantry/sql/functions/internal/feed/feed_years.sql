CREATE OR REPLACE FUNCTION _wh_internal.feed_years(feed _wh.feeds) RETURNS integer[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The years for which a feed has relations.
    SELECT coalesce(array_agg(DISTINCT y.year ORDER BY y.year), '{}')
    FROM _wh_internal.storage_relations(feed) r
    CROSS JOIN LATERAL generate_series(extract(year FROM r.first_day)::integer,
        extract(year FROM r.last_day)::integer) AS y (year)
$$;
