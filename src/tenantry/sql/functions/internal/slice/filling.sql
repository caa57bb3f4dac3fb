CREATE OR REPLACE FUNCTION _wh_internal.filling(feed _wh.feeds, slice_date date) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- What the relation that holds a day is filled with (pg_class.relfilenode), for the record of a load: of the partition, the
-- yearly table, or the slice; of the one that was made anew, if it takes the place of the old one in this transaction.
DECLARE
    slice text := _wh.create_mv_name(feed.template_name, slice_date);
BEGIN
    IF feed.storage = 'partition' THEN
        RETURN pg_relation_filenode(_wh_internal.partition_find(feed, slice_date));
    END IF;
    RETURN coalesce(
        (SELECT pg_relation_filenode(y.relid) FROM _wh_internal.year_relations(feed) y WHERE y.year = extract(year FROM slice_date)),
        pg_relation_filenode(to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fresh_name(slice)))),
        pg_relation_filenode(to_regclass(format('%I.%I', feed.schema_name, slice))));
END
$$;
