CREATE OR REPLACE FUNCTION _wh_internal.shared_leaf(feed _wh.feeds, template _wh.mv_templates,
    slice_date date) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table that holds a day; created, with its indexes, as the template's partition_by says. It is attached
-- rather than created as a partition, because attaching locks out no reader of the table.
DECLARE
    parent regclass := _wh_internal.shared_table(template, feed.storage);
    found regclass := _wh_internal.shared_find(feed, slice_date);
    period text;
    begin_day date;
    name text;
BEGIN
    IF found IS NULL THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        found := _wh_internal.shared_find(feed, slice_date);
    END IF;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    -- A year that began as months continues in months.
    period := CASE WHEN EXISTS (SELECT FROM _wh_internal.shared_leaves(feed.template_name, feed.storage) l
        WHERE extract(year FROM l.first_day) = extract(year FROM slice_date)) THEN 'month'
        ELSE template.partition_by END;
    begin_day := date_trunc(period, slice_date::timestamp)::date;
    name := _wh_internal.name_stem(_wh_internal.shared_base(feed.template_name, feed.storage))
        || to_char(begin_day::timestamp, CASE period WHEN 'month' THEN '_YYYY_MM' ELSE '_YYYY' END);
    IF _wh_internal.kept_relation(name) IS NOT NULL THEN
        RAISE EXCEPTION '_wh_data.% is in the way: it is not a partition of %', quote_ident(name), parent
            USING ERRCODE = 'duplicate_table',
            HINT = 'If somebody detached it, attach it again (ALTER TABLE ... ATTACH PARTITION). '
                'Otherwise rename it, or the template.';
    END IF;
    EXECUTE _wh_internal.spread((_wh_internal.storage_traits(feed.storage)).distributed,
        VARIADIC ARRAY[format('CREATE TABLE _wh_data.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        name, parent)]
        || ARRAY(SELECT i.statement FROM _wh_internal.shared_indexes(template, name) i)
        || format('ALTER TABLE %s ATTACH PARTITION _wh_data.%I FOR VALUES FROM (%s) TO (%s)', parent, name,
        _wh_internal.day_bound(template, begin_day),
        _wh_internal.day_bound(template, (begin_day + ('1 ' || period)::interval)::date)));
    PERFORM _wh_internal.publish_identity(format('_wh_data.%I', name)::regclass);
    -- The records of an earlier table for that time are void. Sessions that work on a day write a new record
    -- of it.
    UPDATE _wh.slices s SET loaded_at = NULL, row_count = NULL, digest = NULL, filenode = NULL
    FROM (SELECT x.schema_name, x.slice_date FROM _wh.slices x JOIN _wh.feeds f
            USING (schema_name, template_name)
        WHERE x.template_name = feed.template_name AND f.storage = feed.storage
            AND x.loaded_at IS NOT NULL AND x.slice_date >= begin_day
            AND x.slice_date < begin_day + ('1 ' || period)::interval
        ORDER BY x.schema_name, x.slice_date FOR UPDATE OF x SKIP LOCKED) gone
    WHERE s.schema_name = gone.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = gone.slice_date;
    RETURN format('_wh_data.%I', name)::regclass;
END
$$;
