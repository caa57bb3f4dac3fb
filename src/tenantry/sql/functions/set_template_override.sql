CREATE OR REPLACE FUNCTION _wh.set_template_override(template_name text, tenant text, query text,
    day date DEFAULT NULL, seconds integer DEFAULT 60) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Store the query that a tenant's source is asked instead of the template's, after trying it there on a day
-- (by default yesterday). If the source refuses it, or it does not return the template's columns, or rows
-- outside the day, nothing is stored.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
    wanted date := coalesce(set_template_override.day, _wh.current_date_utc() - 1);
    tried jsonb;
BEGIN
    IF query IS NULL THEN
        RAISE EXCEPTION 'a tenant''s own query is one SELECT, not NULL'
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'To use the template''s query again: '
                'SELECT _wh.drop_template_override(template, tenant)';
    END IF;
    INSERT INTO _wh.template_overrides AS o (template_name, schema_name, query_template)
    VALUES (feed.template_name, feed.schema_name, query)
    ON CONFLICT ON CONSTRAINT template_overrides_pkey DO UPDATE
        SET query_template = excluded.query_template, columns = excluded.columns, updated_at = now();
    tried := _wh.try_template(feed.template_name, feed.schema_name, wanted, 0, seconds);
    IF tried ? 'error' THEN
        RAISE EXCEPTION 'the query was not stored: %', concat(CASE WHEN (tried -> 'of_source')::boolean
            THEN format('the source of "%s" says: ', feed.schema_name) END, tried ->> 'error')
            USING ERRCODE = CASE WHEN tried ->> 'sqlstate' ~ '^(08|57|XX)' THEN 'HV000'
                ELSE tried ->> 'sqlstate' END,
                HINT = coalesce(tried ->> 'hint', '');
    ELSIF (tried ->> 'strays')::bigint > 0 THEN
        RAISE EXCEPTION 'the query was not stored: % of % rows are outside %', tried ->> 'strays',
            tried ->> 'rows', to_char(wanted::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'check_violation',
                HINT = 'Compare the time column with the placeholders: >= ''{START_TIME}'' AND '
                '< ''{END_TIME}''.';
    END IF;
    PERFORM _wh_internal.refuse_columns(feed.template_name, tried -> 'given');
    PERFORM _wh_internal.write_log('set_template_override', 'INFO', 'own query stored', to_jsonb(feed));
    RETURN jsonb_build_object('template', feed.template_name, 'tenant', feed.schema_name, 'day',
        to_char(wanted::timestamp, 'YYYY-MM-DD'), 'rows', tried -> 'rows', 'seconds', tried -> 'seconds');
END
$$;
COMMENT ON FUNCTION _wh.set_template_override(text, text, text, date, integer) IS
    'Query a tenant''s source with a query of its own instead of the template''s, after trying it there';
