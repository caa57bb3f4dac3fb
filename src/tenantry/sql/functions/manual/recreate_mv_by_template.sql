CREATE OR REPLACE FUNCTION _wh.recreate_mv_by_template(
    template_name text, tenant_connection_name text, target_schema text, target_date timestamp)
    RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For a slice that a refresh cannot repair, because it lost an index or was made by hand. You need not drop
-- views that read it: they read the old slice until the new one exists.
DECLARE
    slice_date date := _wh_internal.checked_day(target_date, template_name);
    feed _wh.feeds := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema,
        by_manual => true);
BEGIN
    PERFORM _wh_internal.extend_span(feed, slice_date);
    PERFORM _wh_internal.storage_prepare(feed, slice_date, slice_date);
    PERFORM _wh_internal.lock_slice(feed, slice_date);
    -- A slice with another definition is created again by its next load.
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, definition_hash)
    VALUES (feed.schema_name, feed.template_name, slice_date, 'failed', 'to be made anew')
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE SET definition_hash = excluded.definition_hash;
    PERFORM _wh_internal.update_slice(feed, slice_date, 'recreate_mv_by_template', false, true);
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.recreate_mv_by_template IS 'Create the slice of one day again, with its indexes, '
    'under the views that read it; true, or the error';
