CREATE OR REPLACE FUNCTION _wh_internal.partition_leaf(feed _wh.feeds, template _wh.mv_templates, slice_date date, indexed boolean DEFAULT true) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table that holds a day: the year's if there is one, else the month's; made as the template's partition_by says.
-- A bulk load asks for one without indexes and makes them afterwards (partition_unindexed).
DECLARE
    parent regclass := _wh_internal.partition_tenant(feed, template);
    found regclass := _wh_internal.partition_find(feed, slice_date);
    period text;
    first_day date;
    name text;
    target text;
BEGIN
    IF found IS NULL THEN
        PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
        found := _wh_internal.partition_find(feed, slice_date);
    END IF;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    -- A year that was begun in months goes on in months.
    period := CASE WHEN EXISTS (SELECT FROM _wh_internal.partition_leaves(feed) l WHERE l.year = extract(year FROM slice_date)) THEN 'month'
        ELSE template.partition_by END;
    first_day := date_trunc(period, slice_date::timestamp)::date;
    name := _wh_internal.name_stem(template.template_name) || to_char(first_day::timestamp, CASE period WHEN 'month' THEN '_YYYY_MM' ELSE '_YYYY' END);
    target := format('%I.%I', feed.schema_name, name);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', target, parent);
    IF indexed THEN
        EXECUTE _wh_internal.render_indexes(template.indexes, feed.schema_name, name);
        PERFORM _wh_internal.publish_identity(target::regclass);
    ELSE
        EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'Tenantry: to be indexed');
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', parent, target,
        _wh_internal.day_bound(template, first_day), _wh_internal.day_bound(template, (first_day + ('1 ' || period)::interval)::date));
    RETURN target::regclass;
END
$$;
