CREATE OR REPLACE FUNCTION _wh_internal.adopt_days(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Update the records of days whose relation has another filling since the load. Bind the records whose rows
-- are present, without a digest, since a count proves rows but not values. Clear those whose rows are gone.
-- This is the last step of a transaction: it waits for no other session's rows, and no session that waits for
-- it holds what it needs.
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(jsonb_build_array('tenantry adopt', feed.schema_name,
        feed.template_name)::text, 0)) THEN
        RETURN;
    END IF;
    UPDATE _wh.feed_tables t SET relid = s.relid, warehouse = _wh_internal.here()
    FROM _wh_internal.table_states(feed) s
    WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name
        AND t.table_name = s.relname AND t.warehouse <> _wh_internal.here();
    IF NOT EXISTS (
        SELECT FROM _wh_internal.slice_tables(feed) t
        CROSS JOIN LATERAL _wh_internal.day_records(feed, t.filenode, t.first_day, t.last_day) r
        WHERE r.doubtful > 0 OR t.trusted AND r.records > 0 AND r.loaded <= t.last_day - t.first_day
    ) THEN
        RETURN;
    END IF;
    WITH stored AS MATERIALIZED (
        SELECT d.slice_date, d.filenode, d.row_count FROM _wh_internal.stored_days(feed) d WHERE NOT d.bound
    ), doubtful AS MATERIALIZED (
        SELECT s.slice_date FROM _wh.slices s
        JOIN _wh_internal.slice_tables(feed) t ON s.slice_date BETWEEN t.first_day AND t.last_day
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.loaded_at IS NOT NULL
            AND s.filenode IS DISTINCT FROM t.filenode
        ORDER BY s.slice_date FOR UPDATE OF s SKIP LOCKED
    ), adopted AS (
        UPDATE _wh.slices s SET filenode = d.filenode, row_count = d.row_count,
            -- Never bound: recorded before records were bound to fillings.
            digest = CASE WHEN s.filenode IS NULL AND _wh_internal.digest_rows(s.digest) = d.row_count
                THEN s.digest END
        FROM doubtful JOIN stored d USING (slice_date)
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = doubtful.slice_date
    ), cleared AS (
        UPDATE _wh.slices s SET loaded_at = NULL, row_count = NULL, digest = NULL, filenode = NULL
        FROM doubtful
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = doubtful.slice_date
            AND doubtful.slice_date NOT IN (SELECT d.slice_date FROM stored d)
    )
    -- Days of a folded year that have rows but no record.
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at,
        filenode)
    SELECT feed.schema_name, feed.template_name, d.slice_date, 'loaded', d.row_count, clock_timestamp(),
        d.filenode
    FROM stored d JOIN _wh_internal.slice_tables(feed) t ON t.trusted AND d.slice_date BETWEEN t.first_day
        AND t.last_day
    WHERE d.row_count IS NOT NULL
        AND NOT EXISTS (SELECT FROM _wh.slices x WHERE x.schema_name = feed.schema_name
        AND x.template_name = feed.template_name AND x.slice_date = d.slice_date)
    ON CONFLICT ON CONSTRAINT slices_pkey DO NOTHING;
END
$$;
