CREATE OR REPLACE FUNCTION _wh_internal.partition_leaf(feed _wh.feeds, template _wh.mv_templates,
    slice_date date, indexed boolean DEFAULT true) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table that holds a day: the year's if there is one, otherwise the month's; created as the template's
-- partition_by says. A bulk load asks for one without indexes and creates them afterwards
-- (unindexed_tables).
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
    -- A year that began as months continues in months.
    period := CASE WHEN EXISTS (SELECT FROM _wh_internal.partition_leaves(feed) l
        WHERE l.year = extract(year FROM slice_date)) THEN 'month'
        ELSE template.partition_by END;
    first_day := date_trunc(period, slice_date::timestamp)::date;
    name := _wh_internal.kept_stem(feed) || to_char(first_day::timestamp, CASE period
        WHEN 'month' THEN '_YYYY_MM' ELSE '_YYYY' END);
    target := format('_wh_data.%I', name);
    IF _wh_internal.kept_relation(name) IS NOT NULL THEN
        RAISE EXCEPTION '% is in the way: it is not a partition of %', target, parent
            USING ERRCODE = 'duplicate_table',
            HINT = 'If somebody detached it, attach it again (ALTER TABLE ... ATTACH PARTITION). '
                'Otherwise rename it, or the template.';
    END IF;
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', target, parent);
    IF indexed THEN
        EXECUTE _wh_internal.kept_indexes(feed, template, name);
        PERFORM _wh_internal.publish_identity(target::regclass);
    END IF;
    PERFORM _wh_internal.note_table(feed, name, CASE WHEN NOT indexed THEN 'unindexed' END);
    -- The records of an earlier table for that time are void. Sessions that work on a day write a new record
    -- of it.
    UPDATE _wh.slices s SET loaded_at = NULL, row_count = NULL, digest = NULL, filenode = NULL
    FROM (SELECT x.slice_date FROM _wh.slices x
        WHERE x.schema_name = feed.schema_name AND x.template_name = feed.template_name
            AND x.loaded_at IS NOT NULL AND x.slice_date >= first_day
            AND x.slice_date < first_day + ('1 ' || period)::interval
        ORDER BY x.slice_date FOR UPDATE SKIP LOCKED) gone
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date = gone.slice_date;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', parent, target,
        _wh_internal.day_bound(template, first_day),
        _wh_internal.day_bound(template, (first_day + ('1 ' || period)::interval)::date));
    RETURN target::regclass;
END
$$;
