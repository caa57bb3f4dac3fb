CREATE OR REPLACE FUNCTION _wh_internal.partition_find(feed _wh.feeds, slice_date date) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds a day in partition storage, or NULL. Another template may have a table of such a
    -- name.
    SELECT i.inhrelid::regclass
    FROM (SELECT _wh_internal.name_stem(feed.template_name) AS stem,
            to_regclass(format('%I.%I', feed.schema_name,
            _wh_internal.fit_name(feed.template_name))) AS parent) s
    JOIN pg_inherits i ON i.inhparent = s.parent AND i.inhrelid IN (
        to_regclass(format('%I.%I', feed.schema_name, stem || to_char(slice_date::timestamp, '_YYYY'))),
        to_regclass(format('%I.%I', feed.schema_name, stem || to_char(slice_date::timestamp, '_YYYY_MM'))))
$$;
