CREATE OR REPLACE FUNCTION _wh_internal.matview_holder(feed _wh.feeds, slice_date date, OUT relid oid,
    OUT alone boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The yearly table, else the slice; before that, the one that was made anew, if it takes the slice's place in
-- this transaction.
DECLARE
    stem text := _wh_internal.name_stem(feed.template_name);
    year name := stem || to_char(slice_date::timestamp, '_YYYY');
    slice name := stem || to_char(slice_date::timestamp, '_YYYY_MM_DD');
BEGIN
    SELECT c.oid, c.relname <> year INTO relid, alone FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
        AND c.relname = ANY (ARRAY[year, slice, _wh_internal.fresh_name(slice)::name])
        AND (c.relname <> year OR c.relkind = 'r')
    ORDER BY c.relname = year DESC, c.relname = slice LIMIT 1;
END
$$;
