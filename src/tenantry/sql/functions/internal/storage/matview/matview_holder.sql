CREATE OR REPLACE FUNCTION _wh_internal.matview_holder(feed _wh.feeds, slice_date date, OUT relid oid,
    OUT alone boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The yearly table, otherwise the slice. Before both: a replacement of the slice, if it takes the slice's
-- place in this transaction.
DECLARE
    slice name := _wh_internal.name_stem(feed.template_name) || to_char(slice_date::timestamp, '_YYYY_MM_DD');
BEGIN
    SELECT y.relid, false INTO relid, alone FROM _wh_internal.year_relations(feed) y
    WHERE y.year = extract(year FROM slice_date);
    IF NOT FOUND THEN
        SELECT c.oid, true INTO relid, alone FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
            AND c.relname = ANY (ARRAY[slice, _wh_internal.fresh_name(slice)::name])
        ORDER BY c.relname = slice LIMIT 1;
    END IF;
END
$$;
