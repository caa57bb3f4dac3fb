CREATE OR REPLACE FUNCTION _wh_internal.refuse_move_dependents(feed _wh.feeds, storage text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Refuse a move that would lose something. Views and functions that somebody created over what a move puts
-- aside would continue to read it, and never see a new row; those over the tenant view and the public view
-- see what takes its place. Returns, for put_back, what operators have added to the relations that hold the
-- rows.
DECLARE
    views oid[] := ARRAY(SELECT v.relid FROM _wh_internal.tenant_views(feed) v);
    parent oid := _wh_internal.kept_relation(_wh_internal.kept_name(feed));
    root oid := (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = parent);
    parts oid[] := ARRAY(SELECT r.relid FROM _wh_internal.feed_relations(feed) r);
    dependents text := _wh_internal.operators_dependents(array_remove(parts || parent, NULL),
        array_remove(views || root || to_regclass(format('public.%I',
        _wh_internal.fit_name(feed.template_name)))::oid, NULL));
BEGIN
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION '%.% cannot be moved to % storage: other % what is replaced', feed.schema_name,
            feed.template_name, storage,
                CASE WHEN dependents LIKE '% needs %' THEN 'objects need' ELSE 'views read' END
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = format('Drop these, run this again, then create them again: %s', dependents);
    END IF;
    -- Row security and triggers on what is put aside no longer filter or watch anything.
    PERFORM _wh_internal.keep_things(t.relid::regclass::text, ARRAY[t.relid], 'v')
    FROM unnest(ARRAY[parent, root]) AS t (relid) WHERE t.relid IS NOT NULL;
    RETURN CASE WHEN parts <> '{}' THEN _wh_internal.keep_things(format('%I.%I', feed.schema_name,
        feed.template_name), parts, 'r', coalesce(parent, views[1])::regclass,
        (SELECT l.relid FROM _wh_internal.partition_leaves(_wh_internal.side_feed(feed, 'tenantry_move_')) l
            LIMIT 1)::regclass,
        aside => true) END;
END
$$;
