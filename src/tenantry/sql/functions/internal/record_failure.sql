CREATE OR REPLACE FUNCTION _wh_internal.record_failure(feed _wh.feeds, slice_date date, error text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Remember that a load failed; what an earlier load left (loaded_at, row_count) stays true and is kept.
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, error, failed_at)
    VALUES (feed.schema_name, feed.template_name, slice_date, 'failed', error, clock_timestamp())
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE SET status = 'failed', error = excluded.error, failed_at = excluded.failed_at;
    SELECT _wh_internal.write_log('load_slice', 'ERROR', error, jsonb_build_object('tenant', feed.schema_name,
        'template', feed.template_name, 'date', slice_date));
$$;
