CREATE OR REPLACE FUNCTION _wh_internal.first_day(feed _wh.feeds) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The day on which a feed's span begins; NULL if nothing was ever loaded. If the feed does not say, it is
    -- the first day that is present or on record.
    SELECT coalesce(feed.first_day, least(
        (SELECT min(p.slice_date) FROM _wh_internal.present_days(feed) p),
        (SELECT make_date(min(y.year), 1, 1) FROM _wh_internal.folded_years(feed) y),
        (SELECT min(s.slice_date) FROM _wh.slices s
            WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name)))
$$;
