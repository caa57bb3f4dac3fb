CREATE OR REPLACE FUNCTION _wh_internal.matview_replace(feed _wh.feeds, template _wh.mv_templates,
    slice_date date, old regclass) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create a slice again from the current template, beside the old one, which continues to serve reports.
-- matview_publish_tenant puts it in its place; the caller makes sure that this runs.
DECLARE
    fresh regclass;
    index record;
    things jsonb;
    tenant regclass
        := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    dependents text := _wh_internal.operators_dependents(ARRAY[old::oid],
        array_remove(ARRAY[tenant::oid], NULL));
BEGIN
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION '% cannot be replaced: other objects need it', old
            USING ERRCODE = 'dependent_objects_still_exist',
            HINT = format('Drop these, run this again, then create them again: %s', dependents);
    END IF;
    -- The new indexes take these names. Renaming an index does not block reports.
    FOR index IN SELECT i.indexrelid FROM pg_index i
        WHERE i.indrelid = old AND _wh_internal.is_template_index(i.indexrelid) LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', index.indexrelid::regclass,
            'tenantry_old_' || index.indexrelid);
    END LOOP;
    fresh := _wh_internal.matview_create(feed, template, slice_date,
        _wh_internal.fresh_name(_wh.create_mv_name(template.template_name, slice_date)));
    things := _wh_internal.keep_things(old::text, ARRAY[old::oid], 'm', NULL, fresh);
    PERFORM _wh_internal.make_room(things, ARRAY[old::oid]);
    PERFORM _wh_internal.put_back(fresh::text, things);
    RETURN fresh;
END
$$;
