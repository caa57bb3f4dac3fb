CREATE OR REPLACE FUNCTION _wh.refresh_mv(target_schema text, view_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    slice record;
    connection text;
    opened boolean;
    detail text;
    hint text;
    context text;
    feeds _wh.feeds[] := '{}'::_wh.feeds[];
BEGIN
    -- Don't refresh a slice while its year is being folded: by then the table has its rows.
    FOR slice IN SELECT f AS feed, s.slice_date FROM _wh.feeds f, _wh_internal.slice_relations(f) s
        WHERE f.schema_name = target_schema::name::text AND s.relname = view_name::name::text
    LOOP
        PERFORM _wh_internal.template_query(_wh_internal.for_tenant(t, (slice.feed).schema_name))
            FROM _wh.mv_templates t
            WHERE t.template_name = (slice.feed).template_name;
        PERFORM _wh_internal.lock_slice(slice.feed, slice.slice_date);
        connection := (slice.feed).tenant_name;
        -- The source's digest of the old rows does not describe the new ones.
        UPDATE _wh.slices s SET digest = NULL, filenode = NULL WHERE s.schema_name = (slice.feed).schema_name
            AND s.template_name = (slice.feed).template_name AND s.slice_date = slice.slice_date;
        feeds := feeds || slice.feed;
    END LOOP;
    IF NOT _wh.does_mv_exist(target_schema, view_name) THEN
        RAISE EXCEPTION 'materialized view "%"."%" does not exist', target_schema, view_name
            USING ERRCODE = 'undefined_table';
    END IF;
    IF connection IS NOT NULL THEN
        opened := _wh_internal.begin_source(connection);
    END IF;
    BEGIN
        PERFORM _wh_internal.refresh_relation(format('%I.%I', target_schema::name,
            view_name::name)::regclass);
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT;
        PERFORM _wh_internal.end_source(connection, opened);
        PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
        RAISE;
    END;
    PERFORM _wh_internal.end_source(connection, opened);
    PERFORM _wh_internal.adopt_days(f) FROM unnest(feeds) f;
    PERFORM _wh_internal.write_log('refresh_mv', 'INFO', 'refreshed',
        jsonb_build_object('tenant', target_schema, 'view', view_name,
        'seconds', _wh_internal.seconds_since(started)));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.refresh_mv IS 'Pull one materialized view again from its source';
