CREATE OR REPLACE FUNCTION _wh_internal.matview_holder(feed _wh.feeds, slice_date date, OUT relid oid,
    OUT alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The yearly table, else the slice; before that, the one that was made anew, if it takes the slice's
    -- place in this transaction.
    SELECT r.relid, r.alone FROM (
        SELECT y.relid, false AS alone, 1 AS rank FROM _wh_internal.year_relations(feed) y
        WHERE y.year = extract(year FROM slice_date)
        UNION ALL
        SELECT c.oid, true, CASE c.relname WHEN n.name THEN 3 ELSE 2 END
        FROM (SELECT _wh_internal.name_stem(feed.template_name)
            || to_char(slice_date::timestamp, '_YYYY_MM_DD') AS name) n
        JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
            AND c.relname IN (n.name, _wh_internal.fresh_name(n.name))
    ) r ORDER BY r.rank LIMIT 1
$$;
