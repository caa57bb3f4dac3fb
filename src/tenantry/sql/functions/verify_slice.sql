CREATE OR REPLACE FUNCTION _wh.verify_slice(template_name text, target_schema text, target_date timestamp,
    most_rows integer DEFAULT 100) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Pull a day from its source again and compare it, row by row, with what reports see. Nothing is changed;
-- loads of the day wait meanwhile. `fault` means that the source has not changed since the load, so the
-- warehouse has; NULL if the load stored no digest.
DECLARE
    wanted date := _wh_internal.checked_day(target_date, template_name);
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    day text := to_char(wanted::timestamp, 'YYYY-MM-DD');
    recorded text;
    said text;
    source_rows bigint;
    stored_rows bigint;
    differing bigint;
    differences jsonb;
    detail text;
    hint text;
    context text;
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.lock_slice(feed, wanted);
    SELECT s.digest INTO recorded FROM _wh.slices s
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date = wanted;
    -- IF EXISTS would print a notice that there is none.
    IF to_regclass('pg_temp.tenantry_stage') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_stage;
    END IF;
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    said := _wh_internal.source_digests(feed, wanted, wanted) ->> day;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_stage ON COMMIT DROP AS %s',
        _wh_internal.source_select(feed, template, wanted));
    PERFORM _wh_internal.release_source(feed.tenant_name);
    EXECUTE format('SELECT count(*) FROM %s', to_regclass('pg_temp.tenantry_stage')) INTO source_rows;
    EXECUTE format('SELECT count(*) FROM (%s) r', _wh_internal.stored_rows(feed, template, wanted, wanted))
        INTO stored_rows;
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('row', d.kind, 'key', d.key, 'columns', d.columns,
            'source', d.at_source, 'warehouse', d.in_warehouse)) ORDER BY d.key, d.kind), max(d.total)
    INTO differences, differing
    FROM _wh_internal.row_differences(feed, wanted, to_regclass('pg_temp.tenantry_stage'), most_rows) d;
    DROP TABLE pg_temp.tenantry_stage;
    RETURN jsonb_build_object('template', feed.template_name, 'schema', feed.schema_name, 'date', day,
        'agrees', differing IS NULL, 'source_rows', source_rows, 'warehouse_rows', stored_rows,
        'differing_rows', coalesce(differing, 0), 'rows', coalesce(differences, '[]'), 'source_digest', said,
        -- NULL if the load stored no digest of the source.
        'fault', CASE WHEN differing IS NOT NULL THEN recorded = said END);
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    PERFORM _wh_internal.release_source(feed.tenant_name);
    PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
    RAISE;
END
$$;
COMMENT ON FUNCTION _wh.verify_slice IS 'Compare a day with its source, row by row: which rows differ, and '
    'in which columns';
