CREATE OR REPLACE FUNCTION _wh.create_foodlogstats_mv(
    tenant_connection_name text, target_schema text, base_view_name text, target_date timestamp,
    client_name text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Legacy: the foodlogstats template under another base name, and with a client that the caller chooses.
DECLARE
    slice_date date := _wh_internal.checked_day(target_date);
    feed _wh.feeds := _wh_internal.open_feed(base_view_name, tenant_connection_name, target_schema,
        without_template => true, by_manual => true);
    template _wh.mv_templates := _wh_internal.find_template('foodlogstats');
    name text := _wh.create_mv_name(base_view_name, slice_date);
    opened boolean;
    detail text;
    hint text;
    context text;
BEGIN
    PERFORM _wh_internal.extend_span(feed, slice_date);
    PERFORM _wh_internal.lock_slice(feed, slice_date);
    IF _wh.does_mv_exist(feed.schema_name, name) THEN
        RAISE EXCEPTION 'materialized view "%"."%" already exists', feed.schema_name, name
            USING ERRCODE = 'duplicate_table',
            HINT = 'To pull it again: SELECT _wh.update_foodlogstats(connection, schema, date)';
    ELSIF NOT (_wh_internal.storage_traits(feed.storage)).daily
        OR (_wh_internal.storage_holder(feed, slice_date)).relid IS NOT NULL THEN
        -- No view would read it.
        RAISE EXCEPTION '"%"."%" keeps the year % in a table, not in materialized views', feed.schema_name,
            base_view_name, extract(year FROM slice_date)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'SELECT _wh.update_mv_by_template(template, connection, schema, date) works in any '
                'storage.';
    END IF;
    template.query_template := _wh_internal.fill_schema(template.query_template,
        coalesce(client_name, feed.schema_name));
    opened := _wh_internal.begin_source(feed.tenant_name);
    BEGIN
        EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS %s', feed.schema_name, name,
            _wh_internal.source_select(feed, template, slice_date));
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT;
        PERFORM _wh_internal.end_source(feed.tenant_name, opened);
        PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
        RAISE;
    END;
    PERFORM _wh_internal.end_source(feed.tenant_name, opened);
    EXECUTE _wh_internal.render_indexes(template, feed.schema_name, name);
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.create_foodlogstats_mv IS 'Legacy: create one day of foodlogstats under any base '
    'name; true, or the error';
