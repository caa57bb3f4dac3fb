CREATE OR REPLACE FUNCTION _wh_internal.replace_view(schema_name text, view_name text, body text,
    afterwards text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Give a view the query `body`; false if it has it already. Then the view is not touched, so reports need not
-- wait. PostgreSQL drops a view's options that are not repeated. If its columns change, the view has to
-- be dropped: what operators have added to it is added to the new one, or it is not dropped.
DECLARE
    target text := format('%I.%I', schema_name, view_name);
    existing regclass := to_regclass(target);
    statements text := format('VIEW %s AS %s; SELECT _wh_internal.note_view(%L, %L, %L); %s', target, body,
        schema_name, view_name, md5(body), afterwards);
    options jsonb;
    things jsonb;
    blockers text;
BEGIN
    IF existing IS NOT NULL AND (SELECT c.relkind FROM pg_class c WHERE c.oid = existing) <> 'v' THEN
        RAISE EXCEPTION 'view % cannot be created: another relation has this name', target
            USING ERRCODE = 'duplicate_table';
    ELSIF afterwards = '' AND existing IS NOT NULL
        AND _wh_internal.view_written(schema_name, view_name) = md5(body) THEN
        RETURN _wh_internal.guard_view(existing);
    END IF;
    SELECT jsonb_agg(to_jsonb(s)) INTO options FROM _wh_internal.operators_settings(ARRAY[existing::oid]) s
        WHERE s.item ~ '^(option|comment)' AND s.kinds = 'v';
    BEGIN
        PERFORM _wh_internal.execute_patiently('CREATE OR REPLACE ' || statements
            || CASE WHEN options IS NOT NULL
            THEN format('; SELECT _wh_internal.put_back(%L, %L, exact => false)', target, options)
                ELSE '' END);
    EXCEPTION WHEN invalid_table_definition THEN
        things := _wh_internal.keep_things(target, ARRAY[existing::oid], 'v');
        BEGIN
            PERFORM _wh_internal.execute_patiently(format('DROP VIEW %s; CREATE ', target) || statements
                || format('; SELECT _wh_internal.put_back(%L, %L)', target, things));
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS blockers = PG_EXCEPTION_DETAIL;
            RAISE EXCEPTION 'the columns of view % change, but other objects need it', target
                USING ERRCODE = 'dependent_objects_still_exist', DETAIL = blockers,
                HINT = 'Drop those, run this again, then create them again.';
        END;
    END;
    PERFORM _wh_internal.guard_view(target::regclass);
    RETURN true;
END
$$;
