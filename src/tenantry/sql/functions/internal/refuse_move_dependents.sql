CREATE OR REPLACE FUNCTION _wh_internal.refuse_move_dependents(feed _wh.feeds, template _wh.mv_templates, storage text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Views that somebody made over what a move puts aside would go on reading it, and never see a new row.
DECLARE
    tenant regclass := to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    root regclass := to_regclass(_wh_internal.partition_root(template));
    -- The public view becomes a table with the last tenant, and the table a view with the first.
    root_changes boolean := NOT EXISTS (SELECT FROM _wh.feeds f WHERE f.template_name = feed.template_name
        AND f.schema_name <> feed.schema_name AND f.storage = 'matview');
    dependents text;
BEGIN
    SELECT string_agg(DISTINCT format('%s reads %s', w.ev_class::regclass, d.refobjid::regclass), ', ') INTO dependents
    FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    WHERE d.refclassid = 'pg_class'::regclass AND w.ev_class <> d.refobjid
        AND w.ev_class <> ALL (array_remove(ARRAY[tenant::oid, root::oid], NULL))
        AND (d.refobjid = tenant OR d.refobjid IN (SELECT r.relid FROM _wh_internal.feed_relations(feed) r) OR root_changes AND d.refobjid = root);
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION '%.% cannot be moved to % storage: other views read what is replaced', feed.schema_name, feed.template_name, storage
            USING ERRCODE = 'dependent_objects_still_exist', HINT = format('Drop these, run this again, then make them anew: %s', left(dependents, 500));
    END IF;
END
$$;
