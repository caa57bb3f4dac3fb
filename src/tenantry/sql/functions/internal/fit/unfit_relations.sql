CREATE OR REPLACE FUNCTION _wh_internal.unfit_relations(feed _wh.feeds) RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- What holds a feed's rows and is not as its template has it by now, in the order in which fit_relation mends it: a table
-- that is ranged by another column (ranges), the rows that such a table could give no day, once all days were pulled again (former), tables that lack columns or have other types (columns), and tables and daily
-- views with other indexes (indexes). The days' own rows are another matter: see definition_hash.
DECLARE
    template _wh.mv_templates := (SELECT t FROM _wh.mv_templates t WHERE t.template_name = feed.template_name);
    name text := _wh_internal.fit_name(feed.template_name);
    former text := format('%I.%I', feed.schema_name, _wh_internal.former_rows(feed));
    done boolean;
    hash text := _wh_internal.template_index_hash(feed.template_name);
BEGIN
    -- Of a schema that the role may not use PostgreSQL tells nothing by name; another check of doctor does.
    IF template.template_name IS NULL OR NOT EXISTS (
        SELECT FROM pg_namespace n WHERE n.nspname = feed.schema_name AND has_schema_privilege(n.oid, 'USAGE')) THEN
        RETURN;
    END IF;
    IF feed.storage = 'partition' AND _wh_internal.relation_kind(format('%I.%I', feed.schema_name, name)) = 'p' THEN
        RETURN QUERY SELECT 'ranges', name, NULL::date
        WHERE _wh_internal.partition_outranged(template, to_regclass(format('%I.%I', feed.schema_name, name))) IS NOT NULL;
    END IF;
    IF to_regclass(former) IS NOT NULL THEN
        -- Whatever is left in it when all days have been pulled again, to the present, is at the source no more.
        SELECT coalesce(max(s.slice_date) >= _wh.current_date_utc() - 1, false) AND count(*) FILTER (WHERE
            s.definition_hash <> _wh_internal.definition_hash(template)) = 0
        INTO done FROM _wh.slices s WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.loaded_at IS NOT NULL;
        IF NOT done THEN
            EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s)', former) INTO done;
        END IF;
        RETURN QUERY SELECT 'former', _wh_internal.former_rows(feed), NULL::date WHERE done;
    END IF;
    RETURN QUERY
        WITH tables AS MATERIALIZED (
            SELECT y.relid, y.relname, y.relid AS indexed FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview'
            UNION ALL
            SELECT to_regclass(format('%I.%I', feed.schema_name, name)), name, NULL WHERE feed.storage = 'partition'
            UNION ALL
            SELECT NULL, l.relname, l.relid FROM _wh_internal.partition_leaves(feed) l WHERE feed.storage = 'partition'
        )
        SELECT 'columns', t.relname, NULL::date FROM tables t WHERE EXISTS (
            SELECT FROM _wh.template_columns c LEFT JOIN pg_attribute a ON a.attrelid = t.relid AND a.attname = c.column_name AND NOT a.attisdropped
            WHERE t.relid IS NOT NULL AND c.template_name = feed.template_name
                AND (feed.storage = 'matview' OR c.column_name IS DISTINCT FROM template.time_column)
                AND format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM c.data_type)
        UNION ALL
        SELECT 'indexes', t.relname, NULL::date FROM tables t
        WHERE t.indexed IS NOT NULL AND EXISTS (SELECT FROM _wh_internal.index_difference(feed, t.indexed))
            AND NOT EXISTS (SELECT FROM _wh_internal.partition_unindexed(feed) u WHERE u.relid = t.indexed)
        UNION ALL
        SELECT 'indexes', r.relname, r.slice_date FROM _wh_internal.slice_relations(feed) r
        JOIN _wh.slices s ON s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date = r.slice_date
        WHERE feed.storage = 'matview' AND s.index_hash <> hash AND NOT EXISTS (
            SELECT FROM _wh_internal.year_relations(feed) y WHERE y.year = extract(year FROM r.slice_date))
        ORDER BY 1, 3, 2;
END
$$;
