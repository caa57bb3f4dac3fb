CREATE OR REPLACE FUNCTION _wh_internal.record_failure(feed _wh.feeds, slice_date date, error text)
    RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Record that a load failed. What an earlier load recorded (loaded_at, row_count) is still true and is
    -- kept. A tenant that was dropped in the meantime has no slices to record.
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, error, failed_at)
    SELECT f.schema_name, f.template_name, record_failure.slice_date, 'failed',
        _wh_internal.visible(record_failure.error), clock_timestamp()
    FROM _wh.feeds f
        WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name FOR KEY SHARE
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
        SET status = 'failed', error = excluded.error, failed_at = excluded.failed_at;
    SELECT _wh_internal.write_log('load_slice', 'ERROR', error, jsonb_build_object('tenant', feed.schema_name,
        'template', feed.template_name, 'date', slice_date));
$$;
