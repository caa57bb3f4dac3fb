CREATE OR REPLACE FUNCTION _wh_internal.replace_tenant_view(feed _wh.feeds, afterwards text, beforehand text)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The step of matview_publish_tenant.
DECLARE
    template _wh.mv_templates;
    view_name text := _wh_internal.fit_name(feed.template_name);
    fresh record;
    columns _wh.template_columns[];
    reshaped boolean;
    -- The caller writes the public view.
    uniting boolean := coalesce(current_setting('tenantry.uniting', true) = feed.template_name, false);
    body text;
BEGIN
    SELECT * INTO template FROM _wh.mv_templates t WHERE t.template_name = feed.template_name;
    columns := _wh_internal.tenant_columns(feed);
    -- If the columns change, the public view, which reads this one, must be blanked for a moment.
    reshaped := template.template_name IS NOT NULL
        AND _wh_internal.view_columns('public', view_name) IS NOT NULL
        AND _wh_internal.view_columns(feed.schema_name, view_name) <> _wh_internal.columns_shape(columns);
    IF reshaped THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
    END IF;
    IF reshaped AND NOT (uniting AND _wh_internal.only_appends(feed.schema_name, view_name, columns)) THEN
        EXECUTE _wh_internal.blank_view('public', view_name);
    END IF;
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    FOR fresh IN SELECT * FROM _wh_internal.fresh_relations(feed) LOOP
        beforehand := concat_ws('; ', nullif(beforehand, ''),
            format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', feed.schema_name, fresh.slice_name,
            fresh.old_name),
            format('ALTER MATERIALIZED VIEW %s RENAME TO %I', fresh.relid::regclass, fresh.slice_name));
        afterwards := concat_ws('; ', nullif(afterwards, ''),
            format('DROP MATERIALIZED VIEW %I.%I', feed.schema_name, fresh.old_name));
    END LOOP;
    IF beforehand <> '' THEN
        IF to_regclass(format('%I.%I', feed.schema_name, view_name)) IS NOT NULL THEN
            -- Changes nothing, but locks the view before the relations that it reads, in the same order as
            -- reports do, so that no report gets in between.
            EXECUTE format('ALTER VIEW %I.%I OWNER TO CURRENT_USER', feed.schema_name, view_name);
        END IF;
        EXECUTE beforehand;
    END IF;
    body := _wh_internal.matview_union(feed, template, columns);
    IF body = _wh_internal.empty_select(columns) THEN
        PERFORM _wh_internal.refuse_empty_view(v.oid, _wh_internal.view_reads(v.oid))
            FROM to_regclass(format('%I.%I', feed.schema_name, view_name)) AS v (oid);
    END IF;
    PERFORM _wh_internal.replace_view(feed.schema_name, view_name, body, afterwards);
    IF reshaped AND NOT uniting THEN
        PERFORM _wh.update_public_view_by_template(feed.template_name);
    END IF;
END
$$;
