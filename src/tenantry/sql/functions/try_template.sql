CREATE OR REPLACE FUNCTION _wh.try_template(template_name text, tenant text, day date,
    sample_rows integer DEFAULT 5, seconds integer DEFAULT 60,
    draft jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For template authors: query a tenant's source for one day of a template, as a load would, and store
-- nothing. Authors name no login and get none. What the source returns is made visible and cut; libpq's
-- messages, which contain the address, are left out. `draft` has columns of mv_templates that are tried
-- instead of the stored ones; a draft without column_definitions is only described. A failure of the source
-- is a result, not an error, so that it is in the audit trail. The server's log has every trial, whatever
-- becomes of the transaction.
DECLARE
    connection text := coalesce((SELECT t.tenant_name FROM _wh.tenants t JOIN _wh.tenant_connections c
        USING (tenant_name) WHERE t.schema_name = tenant),
        (SELECT c.tenant_name FROM _wh.tenant_connections c WHERE c.tenant_name = tenant));
    subject text := _wh_internal.visible(format('%s of %s, %s%s', template_name, tenant, day, CASE
        WHEN draft IS NOT NULL THEN ' (draft)' END));
    template _wh.mv_templates;
    query text;
    begun boolean := false;
    within float8;
    until timestamptz;
    result jsonb;
    failure text;
    failure_hint text;
    state text;
    mark text;
    by_source boolean;
BEGIN
    IF connection IS NULL THEN
        RAISE EXCEPTION 'tenant "%" does not exist', tenant USING ERRCODE = 'undefined_object',
            HINT = (SELECT 'Known tenants: ' || coalesce(string_agg(t.schema_name, ', '
            ORDER BY t.schema_name), 'none') FROM _wh.tenants t);
    ELSIF day IS NULL OR coalesce(sample_rows, -1) NOT BETWEEN 0 AND 1000
        OR coalesce(seconds, 0) NOT BETWEEN 1 AND 3600 THEN
        RAISE EXCEPTION 'a trial needs a day, 0 to 1000 sample rows, and 1 to 3600 seconds'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RAISE LOG 'tenantry: % tries template %', session_user, subject;
    BEGIN
        IF draft IS NOT NULL AND draft ->> 'column_definitions' IS NULL THEN
            query := coalesce(draft ->> 'query_template', '');
            PERFORM _wh_internal.refuse_query(query);
            query := _wh_internal.render_query(query, tenant, day, day);
        ELSIF draft IS NOT NULL THEN
            DELETE FROM _wh.mv_templates t WHERE t.template_name = try_template.template_name;
            INSERT INTO _wh.mv_templates SELECT d.*
                FROM jsonb_populate_record(NULL::_wh.mv_templates,
                '{"partition_by": "year", "ahead": 0, "lookback": 14}'
                || jsonb_strip_nulls(draft) || jsonb_build_object('template_name',
                    try_template.template_name, 'created_at', now(), 'updated_at', now())) d;
        END IF;
        IF query IS NULL THEN
            template := _wh_internal.for_tenant(_wh_internal.find_template(template_name), tenant);
        END IF;
        SELECT least(seconds, l.deadline) INTO within FROM _wh.tenant_connections c CROSS
            JOIN _wh_internal.source_limits(c.options) l WHERE c.tenant_name = connection;
        begun := true;
        PERFORM _wh_internal.begin_source(connection);
        until := clock_timestamp() + make_interval(secs => within);
        PERFORM _wh_internal.ask_source(connection,
            format('SELECT pg_catalog.set_config(''statement_timeout'', %L, true)', ceil(within * 1000)),
            until);
        result := CASE WHEN query IS NULL
            THEN _wh_internal.trial(template, tenant, connection, day, sample_rows, until)
            ELSE jsonb_build_object('columns', _wh_internal.described(query, connection, until)) END;
        -- This undoes the draft.
        RAISE EXCEPTION 'tried' USING ERRCODE = 'TN002';
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, failure_hint = PG_EXCEPTION_HINT,
            mark = CONSTRAINT_NAME;
        state := SQLSTATE;
        IF NOT begun THEN
            RAISE;
        END IF;
        by_source := _wh_internal.source_said(connection, failure);
        IF mark = 'cancelled by the source' OR _wh_internal.source_cancelled(connection, state, failure) THEN
            failure := format('it did not answer within %s s', within);
            failure_hint := 'Add an index at the source that serves the query, or allow more seconds.';
            by_source := true;
        ELSIF state LIKE '08%' THEN
            failure := 'it cannot be reached, refuses the login, or closed the connection';
            failure_hint := 'Ask whadmin to check: tenantry tenant test ' || tenant;
            by_source := true;
        END IF;
        PERFORM _wh_internal.release_source(connection);
        IF state = '57014' AND NOT by_source THEN
            RAISE;
        ELSIF result IS NULL THEN
            result := jsonb_build_object('error',
                _wh_internal.explained(_wh_internal.visible(failure), state), 'sqlstate', state, 'of_source',
                by_source,
                'hint', nullif(_wh_internal.visible(failure_hint), ''));
        END IF;
    END;
    PERFORM _wh_internal.audit('try_template', subject,
        coalesce('failed: ' || (result ->> 'error'), 'done: ' || (result ->> 'rows') || ' row'
        || CASE result ->> 'rows' WHEN '1' THEN '' ELSE 's' END, 'done: columns'));
    RETURN result;
END
$$;
COMMENT ON FUNCTION _wh.try_template(text, text, date, integer, integer, jsonb) IS
    'For template authors: query a tenant''s source for one day of a template, and store nothing';
