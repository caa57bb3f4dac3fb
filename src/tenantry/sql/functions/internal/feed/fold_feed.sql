CREATE OR REPLACE FUNCTION _wh_internal.fold_feed(template_name text, target_schema text,
    target_year integer, by_steps boolean, continued boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Fold a closed, complete year, or finish what is left of a fold. `by_steps`: only take the next step, so
-- that each can be its own transaction and reports do not wait for what comes before and after the change of
-- the view; then `next` is the statement that takes the next step, or NULL. `continued`: another call has
-- begun it, so it is no error if there is nothing left to do, since another session has done it.
DECLARE
    started timestamptz := clock_timestamp();
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    step text;
    result jsonb;
BEGIN
    IF target_year IS NULL OR target_year >= extract(year FROM _wh.current_date_utc()) THEN
        RAISE EXCEPTION 'year % is not over: it is % in UTC', target_year,
            to_char(_wh.current_date_utc()::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Only a closed year becomes a yearly table.';
    END IF;
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.settle_feed(feed);
    PERFORM _wh_internal.await_lock(_wh_internal.year_lock(feed, target_year), false,
        format('%s.%s %s, whose days another session is loading', feed.schema_name, feed.template_name,
        target_year)), _wh_internal.hear_of_changes();
    step := _wh_internal.fold_step(feed, target_year);
    IF step IS NULL AND continued THEN
        RETURN jsonb_build_object('next', NULL);
    ELSIF step IS NULL THEN
        PERFORM _wh_internal.require_complete_year(feed, target_year);
    END IF;
    result := jsonb_build_object('success', true, 'template', feed.template_name, 'schema', feed.schema_name,
        'year', target_year)
        || _wh_internal.storage_fold(feed, template, target_year, by_steps)
        || jsonb_build_object('duration_seconds', _wh_internal.seconds_since(started));
    IF step IS NULL THEN
        PERFORM _wh_internal.write_log('create_combined_table_from_template_by_year', 'INFO',
            'year converted', to_jsonb(feed) || result);
    END IF;
    IF by_steps THEN
        result := result || jsonb_build_object('next', CASE
            WHEN _wh_internal.fold_step(feed, target_year) IS NOT NULL
            THEN format('SELECT _wh.fold_year_step(%L, %L, %s, true)', feed.template_name,
                feed.schema_name, target_year) END);
    END IF;
    RETURN result;
END
$$;
