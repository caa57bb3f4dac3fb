CREATE OR REPLACE FUNCTION _wh.verify_days(template_name text, tenant text, first_day date, last_day date)
    RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- For operators: compare days of an existing feed with its source. It returns how many rows differ, and
-- nothing of their contents.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
    given jsonb;
    days jsonb[] := '{}'::jsonb[];
    slice record;
    said jsonb;
    mark text;
    reason text;
    detail text;
    hint text;
BEGIN
    PERFORM _wh_internal.operators_window(first_day, last_day, feed.template_name);
    PERFORM _wh_internal.audit('verify_days',
        format('%s.%s %s %s', feed.schema_name, feed.template_name, first_day, last_day), 'begun');
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    BEGIN
        given := _wh_internal.source_digests(feed, first_day, last_day, as_kept => true);
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
        IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
            RAISE;
        END IF;
        -- Query each day on its own, so that one bad day does not hide the others.
        given := NULL;
    END;
    PERFORM _wh_internal.release_source(feed.tenant_name);
    FOR slice IN SELECT d.day, d.digest, to_char(d.day::timestamp, 'YYYY-MM-DD') AS name
        FROM _wh_internal.stored_digests(feed, first_day, last_day) d ORDER BY d.day
    LOOP
        IF given ->> slice.name = slice.digest THEN
            said := jsonb_build_object('agrees', true, 'source_rows',
                split_part(slice.digest, ':', 2)::bigint,
                'warehouse_rows', split_part(slice.digest, ':', 2)::bigint, 'differing_rows', 0);
        ELSE
            BEGIN
                said := _wh.verify_slice(feed.template_name, feed.schema_name, slice.day,
                    1) - '{rows,template,schema}'::text[];
            EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
                GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
                IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
                    RAISE;
                END IF;
                said := jsonb_build_object('error', _wh_internal.visible(SQLERRM), 'sqlstate', SQLSTATE);
            END;
        END IF;
        days := days || (said || jsonb_build_object('date', slice.name));
    END LOOP;
    PERFORM _wh_internal.record_verification(feed,
        ARRAY(SELECT (d ->> 'date')::date FROM unnest(days) d WHERE d ? 'agrees'),
        ARRAY(SELECT (d ->> 'date')::date FROM unnest(days) d WHERE NOT (d ->> 'agrees')::boolean),
        (SELECT count(*)::integer FROM unnest(days) d WHERE d ? 'error'),
        (SELECT coalesce(bool_or((d ->> 'fault')::boolean), false) FROM unnest(days) d));
    RETURN jsonb_build_object('template', feed.template_name, 'schema', feed.schema_name, 'start_date',
        first_day, 'end_date', last_day,
        'agrees', (SELECT bool_and(coalesce((d ->> 'agrees')::boolean, false)) FROM unnest(days) d), 'days',
            to_jsonb(days));
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME, reason = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    PERFORM _wh_internal.release_source(feed.tenant_name);
    PERFORM _wh_internal.raise_to_operator(SQLSTATE, mark, reason, detail, hint);
    RAISE;
END
$$;
COMMENT ON FUNCTION _wh.verify_days IS 'For operators: compare days of a tenant with its source; shows how '
    'many rows differ, and none of them';
