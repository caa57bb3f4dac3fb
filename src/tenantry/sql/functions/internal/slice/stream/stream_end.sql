CREATE OR REPLACE FUNCTION _wh_internal.stream_end(feed _wh.feeds, first_day date, last_day date,
    target text, start_block bigint,
    copied bigint, started timestamptz, digests jsonb DEFAULT NULL, vanished tid[] DEFAULT NULL)
        RETURNS TABLE (slice_date date, row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- After the copy: merge the staged rows, and record each day with its number of rows, in the same
-- transaction. `vanished` are the places of the stored rows that the source did not send, if it was compared
-- with them (see stored_images).
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    holder regclass := (_wh_internal.storage_holder(feed, first_day)).relid::regclass;
    counts jsonb;
BEGIN
    counts := CASE WHEN vanished IS NULL
        THEN _wh_internal.merge_stream(feed, template, holder, first_day, last_day, target, start_block,
            copied)
        ELSE _wh_internal.merge_difference(feed, template, holder, first_day, last_day, copied, vanished)
        END;
    RETURN QUERY INSERT
        INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at, duration,
        definition_hash, digest,
        filenode, time_column)
    SELECT feed.schema_name, feed.template_name, d.day, 'loaded', d.n, started,
        (clock_timestamp() - started) / (last_day - first_day + 1), _wh_internal.definition_hash(template),
        CASE WHEN _wh_internal.digest_rows(d.digest) = d.n THEN d.digest END, pg_relation_filenode(holder),
            template.time_column
    FROM (
        SELECT first_day + g AS day,
        coalesce((counts ->> to_char((first_day + g)::timestamp, 'YYYY-MM-DD'))::bigint, 0) AS n,
            digests ->> to_char((first_day + g)::timestamp, 'YYYY-MM-DD') AS digest
        FROM generate_series(0, last_day - first_day) g
    ) d
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
        SET status = 'loaded', row_count = excluded.row_count, loaded_at = excluded.loaded_at,
        duration = excluded.duration, definition_hash = excluded.definition_hash, digest = excluded.digest,
            filenode = excluded.filenode,
        time_column = excluded.time_column, index_hash = NULL, error = NULL, failed_at = NULL
    RETURNING s.slice_date, s.row_count;
END
$$;
