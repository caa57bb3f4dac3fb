CREATE OR REPLACE FUNCTION _wh_internal.partition_find(feed _wh.feeds, slice_date date) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds a day in partition storage, or NULL.
    SELECT coalesce(to_regclass(format('%I.%I', feed.schema_name, stem || to_char(slice_date::timestamp, '_YYYY'))),
        to_regclass(format('%I.%I', feed.schema_name, stem || to_char(slice_date::timestamp, '_YYYY_MM'))))
    FROM (SELECT _wh_internal.name_stem(feed.template_name) AS stem) s
$$;
