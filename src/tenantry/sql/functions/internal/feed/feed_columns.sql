CREATE OR REPLACE FUNCTION _wh_internal.feed_columns(feed _wh.feeds) RETURNS _wh.template_columns[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a feed's rows: those of its template, or without a template those of its newest slice.
    SELECT coalesce(
        _wh_internal.columns_of(feed.template_name),
        (SELECT array_agg(ROW(feed.template_name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
            nullif(a.attcollation, t.typcollation)::regcollation::text, false)::_wh.template_columns
            ORDER BY a.attnum)
         FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         WHERE a.attnum > 0 AND NOT a.attisdropped
            AND a.attrelid = (SELECT r.relid FROM _wh_internal.storage_relations(feed, only_daily => true) r
            ORDER BY r.first_day DESC LIMIT 1)))
$$;
