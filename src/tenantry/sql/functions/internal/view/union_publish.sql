CREATE OR REPLACE FUNCTION _wh_internal.union_publish(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Make the public view over the tenant views and, of tenants that are kept so, tables; in place of the table
-- of all tenants if there is one. True if something had to change. The caller holds the public view's lock.
DECLARE
    view_name text := _wh_internal.fit_name(template.template_name);
    root text := _wh_internal.partition_root(template);
    columns _wh.template_columns[] := ARRAY(SELECT c FROM _wh.template_columns c
        WHERE c.template_name = template.template_name ORDER BY c.position);
    shape text := _wh_internal.columns_shape(columns);
    feed _wh.feeds;
    things jsonb;
    blockers text;
    tenant regclass;
    changes text;
    statements text := '';
    body text;
BEGIN
    -- A tenant view with other columns than the template has would fail below; one that was dropped by hand
    -- comes back.
    FOR feed IN SELECT f.* FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        WHERE f.template_name = template.template_name AND s.tenant_kind = 'v' ORDER BY f.schema_name LOOP
        IF _wh_internal.view_columns(feed.schema_name, view_name) IS DISTINCT FROM shape THEN
            PERFORM _wh_internal.storage_publish_tenant(feed);
        END IF;
    END LOOP;
    -- So do tables that reports read themselves, under the view that reads them. One that cannot is read as
    -- it is.
    IF _wh_internal.relation_kind(root) = 'p' THEN
        PERFORM _wh_internal.fit_columns(template, root::regclass, extras => true);
    END IF;
    FOR tenant IN SELECT r.relation FROM _wh.feeds f CROSS
        JOIN LATERAL to_regclass(format('%I.%I', f.schema_name, view_name)) AS r (relation)
        WHERE f.template_name = template.template_name
            AND _wh_internal.relation_kind(r.relation::text) IN ('p', 'r') ORDER BY f.schema_name LOOP
        BEGIN
            changes := _wh_internal.table_changes(template, tenant);
            statements := concat(statements, 'ALTER TABLE ' || tenant || ' ' || changes || '; ');
        EXCEPTION WHEN datatype_mismatch THEN
            PERFORM _wh_internal.write_log('union_publish', 'ERROR', SQLERRM,
                jsonb_build_object('template', template.template_name, 'table', tenant));
        END;
    END LOOP;
    IF statements <> '' THEN
        PERFORM _wh_internal.execute_patiently(concat(CASE WHEN _wh_internal.relation_kind(root) = 'v' THEN
            _wh_internal.blank_view('public', view_name) || '; ' END, statements));
    END IF;
    SELECT string_agg(format('SELECT %L::text AS schema_name, %s FROM %I.%I', f.schema_name,
                _wh_internal.select_list(to_regclass(format('%I.%I', f.schema_name, view_name)), columns),
                f.schema_name, view_name),
            E'\nUNION ALL ' ORDER BY f.schema_name)
    INTO body FROM _wh.feeds f
    WHERE f.template_name = template.template_name
        AND _wh_internal.relation_kind(format('%I.%I', f.schema_name, view_name)) IS NOT NULL;
    IF body IS NULL AND _wh_internal.relation_kind(root) = 'v' THEN
        PERFORM _wh_internal.refuse_empty_view(root::regclass,
            _wh_internal.feeds_read(root::regclass, template));
    END IF;
    body := coalesce(body,
        'SELECT NULL::text AS schema_name, e.* FROM (' || _wh_internal.empty_select(columns) || ') e');
    IF _wh_internal.relation_kind(root) = 'p' THEN
        things := _wh_internal.keep_things(root, ARRAY[root::regclass::oid], 'v');
        PERFORM _wh_internal.execute_patiently(format('%s DROP TABLE %s; CREATE VIEW %s AS %s; SELECT '
            '_wh_internal.note_view(%L, %L, %L), _wh_internal.put_back(%L, %L)',
            (SELECT string_agg(format('ALTER TABLE %s DETACH PARTITION %s;', root, i.inhrelid::regclass),
                ' ') FROM pg_inherits i WHERE i.inhparent = root::regclass),
            root, root, body, 'public', view_name, md5(body), root, things));
        RETURN true;
    END IF;
    RETURN _wh_internal.replace_view('public', view_name, body);
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS blockers = PG_EXCEPTION_DETAIL;
    IF blockers = '' OR _wh_internal.relation_kind(root) IS DISTINCT FROM 'p' THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'the table % becomes a view, but other objects need it', root
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = blockers,
        HINT = 'Drop those, run this again, then make them anew.';
END
$$;
