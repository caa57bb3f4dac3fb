CREATE OR REPLACE FUNCTION _wh_internal.partition_unfit(feed _wh.feeds, template _wh.mv_templates)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A tenant's table that is partitioned by another column (ranges); rows of such a table that had no day,
-- once all days were loaded again (former); a table with missing columns or other types (columns); and
-- partitions with other indexes (indexes).
DECLARE
    name text := _wh_internal.kept_name(feed);
    target regclass := _wh_internal.kept_relation(name)::regclass;
    former oid := _wh_internal.kept_relation(_wh_internal.former_rows(feed));
    done boolean;
BEGIN
    RETURN QUERY SELECT 'ranges', name, NULL::date
    WHERE _wh_internal.partition_outranged(template, target) IS NOT NULL;
    IF former IS NOT NULL THEN
        -- Rows that are still in it after all days up to the present were loaded again no longer exist at
        -- the source.
        SELECT coalesce(max(s.slice_date) >= _wh.current_date_utc() - 1, false) AND count(*) FILTER (WHERE
            s.definition_hash <> _wh_internal.definition_hash(template)) = 0
        INTO done FROM _wh.slices s WHERE s.schema_name = feed.schema_name
            AND s.template_name = feed.template_name AND s.loaded_at IS NOT NULL;
        IF NOT done THEN
            EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s)', former::regclass) INTO done;
        END IF;
        RETURN QUERY SELECT 'former', _wh_internal.former_rows(feed), NULL::date WHERE done;
    END IF;
    RETURN QUERY
        SELECT 'columns', name, NULL::date
        WHERE _wh_internal.lacks_columns(template, target, template.time_column)
        UNION ALL
        SELECT 'indexes', l.relname, NULL::date FROM _wh_internal.partition_leaves(feed) l
        WHERE EXISTS (SELECT FROM _wh_internal.index_difference(feed, l.relid))
            AND NOT EXISTS (SELECT FROM _wh_internal.unindexed_tables(feed) u WHERE u.relid = l.relid)
        ORDER BY 1, 2;
END
$$;
