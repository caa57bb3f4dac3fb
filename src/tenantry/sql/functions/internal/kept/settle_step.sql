CREATE OR REPLACE FUNCTION _wh_internal.settle_step(feed _wh.feeds, only_table oid DEFAULT NULL)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The step of settle_feed. What operators added to a table stays on it; comments and rights go to the view
-- in its place. The table keeps its rights if somebody's view reads it, or if it has row security: then
-- the view reads it with the rights of the querying role. `only_table`: one table moves, and views stay as
-- they are, which read it wherever it is.
DECLARE
    view_name text := _wh_internal.fit_name(feed.template_name);
    root regclass := (SELECT c.oid FROM pg_class c WHERE c.relkind = 'p'
        AND c.oid = to_regclass(format('public.%I', view_name)));
    template _wh.mv_templates := (SELECT t FROM _wh.mv_templates t
        WHERE t.template_name = feed.template_name);
    tables jsonb := '[]'::jsonb;
    item record;
    things jsonb;
BEGIN
    IF only_table IS NULL THEN
        EXECUTE _wh_internal.blank_view('public', view_name) || _wh_internal.blank_views(feed);
    END IF;
    FOR item IN
        SELECT root::oid AS relid, 'public' AS schema_name, view_name AS relname,
            _wh_internal.fit_name(_wh_internal.kept_base('public', feed.template_name)) AS kept_name
        WHERE root IS NOT NULL
        UNION ALL SELECT u.relid, feed.schema_name, u.relname, u.kept_name FROM _wh_internal.unsettled(feed) u
        WHERE only_table IS NULL OR u.relid = only_table
    LOOP
        SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.rank, t.before DESC NULLS LAST), '[]') INTO things
        FROM _wh_internal.operators_things(ARRAY[item.relid]) t
        WHERE strpos(t.kinds, 'v') > 0 AND t.item ~ '^(right|.*comment)';
        tables := tables || jsonb_build_object('relid', item.relid, 'things', things,
            'view', format('%I.%I', item.schema_name, item.relname));
        PERFORM _wh_internal.settle_table(item.relid::regclass, item.schema_name, item.kept_name);
        UPDATE _wh.feed_tables t SET table_name = item.kept_name WHERE t.schema_name = feed.schema_name
            AND t.template_name = feed.template_name AND t.table_name = item.relname;
    END LOOP;
    IF only_table IS NOT NULL THEN
        PERFORM _wh_internal.publish_years(feed);
    ELSE
        PERFORM _wh_internal.storage_publish_tenant(feed);
    END IF;
    IF template.template_name IS NOT NULL AND only_table IS NULL THEN
        PERFORM _wh_internal.storage_publish_public(template);
    END IF;
    FOR item IN
        SELECT (t.value ->> 'relid')::oid::regclass AS relid, t.value ->> 'view' AS view,
        t.value -> 'things' AS things,
            c.relrowsecurity FROM jsonb_array_elements(tables) AS t (value)
        JOIN pg_class c ON c.oid = (t.value ->> 'relid')::oid
    LOOP
        IF _wh_internal.relation_kind(item.view) = 'v' THEN
            PERFORM _wh_internal.put_back(item.view, item.things);
            CONTINUE WHEN item.relrowsecurity;
        END IF;
        IF _wh_internal.operators_dependents(ARRAY[item.relid::oid], ARRAY(
            SELECT to_regclass(x.value ->> 'view')::oid FROM jsonb_array_elements(tables) AS x (value)
            WHERE to_regclass(x.value ->> 'view') IS NOT NULL)) IS NULL THEN
            EXECUTE _wh_internal.revoked_grants(item.relid);
        END IF;
    END LOOP;
END
$$;
