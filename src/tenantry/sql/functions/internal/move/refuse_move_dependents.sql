CREATE OR REPLACE FUNCTION _wh_internal.refuse_move_dependents(feed _wh.feeds, template _wh.mv_templates,
    storage text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Whether a feed can be moved without loss. Views and functions that somebody made over what a move puts
-- aside would go on reading it, and never see a new row; row security has no place on a view. Returns, for
-- put_back, what operators have put on the tenant's relation and on those that hold its rows.
DECLARE
    tenant regclass
        := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    root regclass := to_regclass(_wh_internal.partition_root(template));
    -- The public view becomes a table with the last tenant, and the table a view with the first.
    root_changes boolean := NOT EXISTS (SELECT FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        WHERE f.template_name = feed.template_name AND f.schema_name <> feed.schema_name
        AND s.public_kind = 'v');
    parts oid[] := ARRAY(SELECT r.relid FROM _wh_internal.feed_relations(feed) r);
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    becomes _wh.storages := _wh_internal.storage_traits(storage);
    dependents text
        := _wh_internal.operators_dependents(array_remove(parts || ARRAY[tenant::oid, CASE WHEN root_changes
        THEN root::oid END], NULL),
        array_remove(ARRAY[root::oid], NULL));
BEGIN
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION '%.% cannot be moved to % storage: other % what is replaced', feed.schema_name,
            feed.template_name, storage,
                CASE WHEN dependents LIKE '% needs %' THEN 'objects need' ELSE 'views read' END
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = format('Drop these, run this again, then make them anew: %s', dependents);
    END IF;
    IF root_changes AND root IS NOT NULL THEN
        PERFORM _wh_internal.keep_things(root::text, ARRAY[root::oid], becomes.public_kind);
    END IF;
    RETURN jsonb_build_object(
        'tenant', CASE WHEN tenant IS NOT NULL
        THEN _wh_internal.keep_things(tenant::text, ARRAY[tenant::oid], becomes.tenant_kind,
            aside => true) END,
        'parts', CASE WHEN parts <> '{}'
            THEN _wh_internal.keep_things(format('%I.%I', feed.schema_name, feed.template_name), parts, 'r',
            tenant,
            (SELECT l.relid FROM _wh_internal.partition_leaves(side) l LIMIT 1)::regclass,
                aside => true) END);
END
$$;
