CREATE OR REPLACE FUNCTION _wh_internal.move_begin(feed _wh.feeds, storage text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Check whether a feed can be moved, and create the table for the copy, or find the one of an interrupted
-- move. Returns the years to copy, and the bytes that they take now; no years if the feed is already in that
-- storage.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    old _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_old_');
    name text := _wh_internal.kept_name(side);
    parent oid := _wh_internal.kept_relation(name);
    mark text := format('to %s storage %s', storage,
        md5(jsonb_build_array(template.column_definitions, template.indexes, template.time_column,
        template.partition_by)::text));
BEGIN
    PERFORM _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.settle_feed(feed);
    -- The remains of a move that was abandoned, or that began before the template changed, are useless.
    IF parent IS NOT NULL
        AND (storage IS NOT DISTINCT
        FROM feed.storage OR NOT EXISTS (SELECT FROM _wh_internal.table_states(feed) s
            WHERE s.relid = parent AND s.state = 'copy' AND s.detail = mark)) THEN
        EXECUTE format('DROP TABLE %s', parent::regclass);
        PERFORM _wh_internal.note_table(feed, name, NULL);
        parent := NULL;
    END IF;
    IF storage IS NOT DISTINCT FROM feed.storage THEN
        RETURN jsonb_build_object('years', '[]'::jsonb, 'bytes', 0);
    ELSIF EXISTS (SELECT FROM _wh_internal.feed_relations(old))
        OR _wh_internal.kept_relation(_wh_internal.kept_name(old)) IS NOT NULL THEN
        RAISE EXCEPTION '%.% still has what an earlier move put aside', feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Drop it first: tenantry template drop-old %s --tenant %s, or CALL '
                '_wh.drop_old_storage(%L, %L)',
                feed.template_name, feed.schema_name, feed.template_name, feed.schema_name);
    END IF;
    IF EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.loaded_at IS NOT NULL AND s.time_column <> template.time_column) THEN
        RAISE EXCEPTION '%.%: days were loaded by another time_column, so a move could lose rows',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Load them again first: tenantry backfill %s --tenant %s --outdated',
                feed.template_name, feed.schema_name);
    END IF;
    PERFORM _wh_internal.refuse_move_dependents(feed, storage);
    IF parent IS NULL THEN
        EXECUTE format(E'CREATE TABLE _wh_data.%I (%s %s\n) PARTITION BY RANGE (%I)', name,
            CASE WHEN (_wh_internal.storage_traits(storage)).united
            THEN format('schema_name text NOT NULL DEFAULT %L CONSTRAINT schema_name_check CHECK '
                '(schema_name '
                '= %L),',
                feed.schema_name, feed.schema_name) ELSE '' END,
            _wh_internal.declared_columns(template.template_name), template.time_column);
        PERFORM _wh_internal.note_table(feed, name, 'copy', mark);
    END IF;
    RETURN jsonb_build_object('years', to_jsonb(_wh_internal.feed_years(feed)),
        'bytes', (SELECT coalesce(sum(pg_total_relation_size(r.relid)), 0)
        FROM _wh_internal.feed_relations(feed) r));
END
$$;
