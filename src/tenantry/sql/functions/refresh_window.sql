CREATE OR REPLACE PROCEDURE _wh.refresh_window(
    template_name text, tenant_connection_name text, target_schema text, days integer DEFAULT NULL,
    only_changed boolean DEFAULT false)
LANGUAGE plpgsql AS $$
-- For jobs: pull the last `days` ended days again (by default, as many as the template's lookback says), each
-- in its own transaction, so that locks are short and good days stay. At the end, raise an error if a day
-- failed, so that the job's run shows it. If the template loads days ahead, include today and those days.
-- With `only_changed`, the source is first asked which of the days differ, and the others are left alone. A
-- procedure that commits can be neither SECURITY DEFINER nor have a search_path of its own. So it sets the
-- path at the start of each transaction, and everything else is qualified.
DECLARE
    last_day date;
    slice_date date;
    tried integer := 0;
    failures integer := 0;
    first_error text;
    first_state text;
    mark text;
    feed _wh.feeds;
    asked_at timestamptz := clock_timestamp();
    digests jsonb;
    held boolean := true;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    days := coalesce(days, (_wh_internal.find_template(template_name)).lookback);
    IF days < 1 THEN
        RAISE EXCEPTION 'a window has at least one day, not %', days
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Before the first day: a failed day would undo what it opened, and its failure could not be recorded.
    feed := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema);
    PERFORM _wh_internal.extend_span(feed, _wh.current_date_utc() - days);
    slice_date := _wh.current_date_utc() - days - 1;
    last_day := _wh_internal.latest_day(template_name);
    IF last_day = _wh.current_date_utc() THEN
        last_day := last_day - 1;
    END IF;
    IF only_changed THEN
        digests := _wh_internal.window_digests(feed, slice_date + 1, last_day);
    END IF;
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        slice_date := slice_date + 1;
        tried := tried + (slice_date <= last_day)::integer;
        EXIT WHEN slice_date > last_day;
        BEGIN
            IF digests IS NOT NULL THEN
                PERFORM _wh_internal.load_changed(feed, slice_date, digests, asked_at, held);
            ELSE
                PERFORM _wh.update_mv_by_template(template_name, tenant_connection_name, target_schema,
                    slice_date, false, false);
            END IF;
        EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
            GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
            IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
                PERFORM _wh_internal.release_source(feed.tenant_name);
                RAISE;
            END IF;
            failures := failures + 1;
            first_error := coalesce(first_error, _wh_internal.visible(SQLERRM));
            first_state := coalesce(first_state, SQLSTATE);
            PERFORM _wh_internal.record_failure(feed, slice_date, SQLERRM);
            IF only_changed THEN
                -- The failure has aborted the transaction there, so each further day logs in on its own.
                PERFORM _wh_internal.release_source(feed.tenant_name);
                held := false;
            END IF;
        END;
        COMMIT;
    END LOOP;
    IF only_changed THEN
        PERFORM _wh_internal.release_source(feed.tenant_name);
    END IF;
    IF failures < tried THEN
        PERFORM _wh.update_tenant_union_view_by_template(template_name, tenant_connection_name,
            target_schema);
        COMMIT;
    END IF;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    PERFORM _wh_internal.prune_logs();
    COMMIT;
    IF failures > 0 THEN
        RAISE EXCEPTION '% of % days failed, the others are kept; the first: %', failures, tried, first_error
            USING ERRCODE = CASE first_state WHEN '57014' THEN 'HV000' ELSE first_state END;
    END IF;
END
$$;
COMMENT ON PROCEDURE _wh.refresh_window IS 'For jobs: pull the last ended days again, or only those that '
    'changed, each in its own transaction; raises an error at the end if a day failed';
