CREATE OR REPLACE FUNCTION _wh.create_mv_from_template(
    template_name text, tenant_connection_name text, target_schema text, target_date timestamp)
    RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    slice_date date := _wh_internal.checked_day(target_date, template_name);
    feed _wh.feeds := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema,
        by_manual => true);
    name text := _wh.create_mv_name(template_name, slice_date);
BEGIN
    PERFORM _wh_internal.extend_span(feed, slice_date);
    PERFORM _wh_internal.lock_slice(feed, slice_date);
    IF EXISTS (SELECT FROM _wh_internal.present_days(feed) p
        WHERE p.slice_date = create_mv_from_template.target_date::date) THEN
        RAISE EXCEPTION 'materialized view "%"."%" already exists', feed.schema_name, name
            USING ERRCODE = 'duplicate_table',
            HINT = 'To pull it again: SELECT _wh.update_mv_by_template(template, connection, schema, date)';
    END IF;
    PERFORM _wh_internal.write_log('create_mv_from_template', 'INFO', 'slice loaded',
        to_jsonb(feed) || _wh_internal.load_slice(feed, slice_date));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.create_mv_from_template IS 'Create the slice of one day; true, or an error if it '
    'exists or the source fails';
