CREATE OR REPLACE FUNCTION _wh_internal.loaded_since(feed _wh.feeds, first_day date, last_day date,
    moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a day has rows from after this moment: rows of a source that was asked at this moment must not
    -- replace them. False without a moment. The caller holds the days' locks.
    SELECT EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date BETWEEN first_day AND last_day AND s.loaded_at > moment)
$$;
