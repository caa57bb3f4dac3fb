CREATE OR REPLACE FUNCTION _wh_internal.load_slice(feed _wh.feeds, slice_date date, maker text DEFAULT NULL,
    caller_publishes boolean DEFAULT false, digest text DEFAULT NULL, asked timestamptz DEFAULT NULL)
    RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Load one slice into its template's storage, or through a create function (`maker`), and record it. Returns
-- date, action, rows and seconds, or raises an error with the slice's name before the source's message. A
-- failed load leaves nothing. An error that the source raised is marked in CONSTRAINT. A cancel by the source
-- is such a failure (is_own_cancel); a cancel of this session is raised again unchanged. `digest` is the
-- source's digest of the day, from the same transaction as the rows, at the time `asked`. The rows are no
-- newer than that, and another session may have loaded newer ones since. Without `asked`, the slice has its
-- own transaction at the source.
DECLARE
    opened boolean;
    -- A caller that has asked the source holds the transaction in which it answered.
    own boolean := asked IS NULL OR NOT _wh_internal.holds_source(feed.tenant_name);
    template _wh.mv_templates;
    started timestamptz;
    loaded record;
    holder record;
    failure text;
    failure_detail text;
    failure_hint text;
    context text;
    state text;
    by_source boolean := false;
    mark text := '';
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.extend_span(feed, slice_date);
    IF maker IS NULL THEN
        PERFORM _wh_internal.storage_prepare(feed, slice_date, slice_date);
    END IF;
    PERFORM _wh_internal.lock_slice(feed, slice_date);
    started := clock_timestamp();
    IF _wh_internal.loaded_since(feed, slice_date, slice_date, asked) THEN
        RAISE EXCEPTION '%.% %: another session loaded it after the source was queried',
            feed.schema_name, feed.template_name, to_char(slice_date::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'serialization_failure', HINT = 'Run this again.';
    END IF;
    BEGIN
        IF own THEN
            opened := _wh_internal.begin_source(feed.tenant_name);
        END IF;
        IF maker IS NOT NULL THEN
            loaded := _wh_internal.user_slice_load(feed, slice_date, maker);
        ELSE
            template := _wh_internal.feed_template(feed);
            -- A materialized view keeps the query that it was created with.
            PERFORM _wh_internal.template_query(template);
            loaded := _wh_internal.storage_load(feed, template, slice_date);
            -- REFRESH ... CONCURRENTLY takes two equal rows that contain a NULL for one.
            IF split_part(load_slice.digest, ':', 2) <> loaded.row_count::text THEN
                RAISE EXCEPTION 'the source returned % rows, but % are stored: some are duplicates',
                    split_part(load_slice.digest, ':', 2), loaded.row_count
                    USING ERRCODE = 'unique_violation';
            END IF;
            -- The old slice serves reports until the tenant view reads the new one.
            IF loaded.action = 'replaced' AND NOT caller_publishes THEN
                PERFORM _wh_internal.storage_publish_tenant(feed);
            END IF;
        END IF;
        IF own THEN
            PERFORM _wh_internal.end_source(feed.tenant_name, opened);
        END IF;
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, failure_detail = PG_EXCEPTION_DETAIL,
            failure_hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT;
        state := SQLSTATE;
        -- Ask before the login is released.
        IF _wh_internal.source_said(feed.tenant_name, SQLERRM) THEN
            mark := 'said by the source';
        END IF;
        IF _wh_internal.source_cancelled(feed.tenant_name, state, SQLERRM) THEN
            by_source := true;
            failure := 'the source cancelled the query: ' || failure;
            failure_hint
                := 'Give its connection a longer statement_timeout, or add an index at the source that '
                'serves '
                'the query.';
        END IF;
        IF state LIKE '08%' THEN
            PERFORM _wh_internal.release_source(feed.tenant_name);
        ELSIF own THEN
            PERFORM _wh_internal.end_source(feed.tenant_name, coalesce(opened, false));
        END IF;
        IF state = '57014' AND NOT by_source THEN
            PERFORM _wh_internal.raise_visible(state, SQLERRM, failure_detail, failure_hint, context);
            RAISE;
        END IF;
        -- From here on the text is shown and stored: by psql, in the server's log, in pg_cron's records.
        failure := _wh_internal.explained(_wh_internal.visible(failure), state);
        failure_detail := _wh_internal.visible(failure_detail);
        failure_hint := _wh_internal.visible(failure_hint);
        failure := format('%s.%s %s: %s', feed.schema_name, feed.template_name,
            to_char(slice_date::timestamp, 'YYYY-MM-DD'),
            concat_ws(': ', failure, CASE WHEN state LIKE '08%' AND failure_detail <> ''
                THEN failure_detail END));
        IF state LIKE '08%' THEN
            -- libpq's own message, without its guesses on further lines.
            failure := regexp_replace(failure, E'\\n[\\t ][^\\n]*|\\n+$', '', 'g');
            failure_detail := '';
            failure_hint := coalesce(nullif(failure_hint, ''),
                'Check address, user and password of the connection; the warehouse''s server must be able to '
                'reach the source.');
        END IF;
        IF by_source THEN
            RAISE EXCEPTION '%', failure
                USING ERRCODE = state, HINT = failure_hint, CONSTRAINT = 'cancelled by the source';
        END IF;
        PERFORM _wh_internal.raise_words(state, failure, failure_detail, failure_hint, mark);
    END;
    holder := _wh_internal.storage_holder(feed, slice_date);
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at,
        duration, definition_hash, digest, filenode,
        time_column, index_hash)
    VALUES (feed.schema_name, feed.template_name, slice_date, 'loaded', loaded.row_count,
        coalesce(asked, started), clock_timestamp() - started,
        _wh_internal.definition_hash(template), CASE
            WHEN _wh_internal.digest_rows(load_slice.digest) = loaded.row_count THEN load_slice.digest END,
        pg_relation_filenode(holder.relid), template.time_column,
        CASE WHEN template.template_name IS NOT NULL AND holder.alone
            THEN _wh_internal.template_index_hash(template.template_name) END)
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
        SET status = 'loaded', row_count = excluded.row_count, loaded_at = excluded.loaded_at,
        duration = excluded.duration, definition_hash = excluded.definition_hash, digest = excluded.digest,
            filenode = excluded.filenode,
        time_column = excluded.time_column, index_hash = excluded.index_hash, error = NULL, failed_at = NULL;
    RETURN jsonb_build_object('date', to_char(slice_date::timestamp, 'YYYY-MM-DD'), 'status', 'loaded',
        'action', loaded.action,
        'rows', loaded.row_count, 'seconds', _wh_internal.seconds_since(started));
END
$$;
