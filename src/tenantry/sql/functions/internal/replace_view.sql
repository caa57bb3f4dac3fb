CREATE OR REPLACE FUNCTION _wh_internal.replace_view(schema_name text, view_name text, body text, afterwards text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a view say `body`; false if it says so already. The view is not touched then, so reports need not wait.
-- Where its columns change it has to be dropped: what was granted on it is granted again.
DECLARE
    target text := format('%I.%I', schema_name, view_name);
    mark text := 'Tenantry ' || md5(body);
    existing regclass := to_regclass(target);
    statements text := format('VIEW %s AS %s; COMMENT ON VIEW %s IS %L; %s', target, body, target, mark, afterwards);
    grants text;
    blockers text;
BEGIN
    IF existing IS NOT NULL AND (SELECT c.relkind FROM pg_class c WHERE c.oid = existing) <> 'v' THEN
        RAISE EXCEPTION 'view % cannot be made: a relation of that name is there', target USING ERRCODE = 'duplicate_table';
    ELSIF afterwards = '' AND existing IS NOT NULL AND obj_description(existing, 'pg_class') = mark THEN
        RETURN false;
    END IF;
    BEGIN
        PERFORM _wh_internal.execute_patiently('CREATE OR REPLACE ' || statements);
    EXCEPTION WHEN invalid_table_definition THEN
        grants := _wh_internal.saved_grants(existing);
        BEGIN
            PERFORM _wh_internal.execute_patiently(format('DROP VIEW %s; CREATE ', target) || statements || ';' || grants);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS blockers = PG_EXCEPTION_DETAIL;
            RAISE EXCEPTION 'the columns of view % change, but other objects need it', target
                USING ERRCODE = 'dependent_objects_still_exist', DETAIL = blockers, HINT = 'Drop those, run this again, then make them anew.';
        END;
    END;
    RETURN true;
END
$$;
