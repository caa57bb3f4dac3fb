CREATE OR REPLACE FUNCTION _wh.update_public_view_by_template(template_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    view_name text := _wh_internal.fit_name(template.template_name);
    columns _wh.template_columns[] := ARRAY(SELECT c FROM _wh.template_columns c WHERE c.template_name = template.template_name ORDER BY c.position);
    shape text := _wh_internal.columns_shape(columns);
    column_list text := _wh_internal.column_list(template.template_name);
    feed _wh.feeds;
    body text;
    changed boolean;
BEGIN
    PERFORM _wh_internal.lock_view('public', template.template_name);
    PERFORM _wh_internal.hold_template_tenants(ARRAY[template.template_name]);
    -- A schema that was dropped by hand takes its tenant with it.
    DELETE FROM _wh.tenants t WHERE to_regnamespace(quote_ident(t.schema_name)) IS NULL;
    -- A view that reads fewer columns than the template has would fail below; one that was dropped by hand comes back.
    FOR feed IN SELECT f.* FROM _wh.feeds f WHERE f.template_name = template.template_name ORDER BY f.schema_name LOOP
        IF _wh_internal.view_columns(feed.schema_name, view_name) IS DISTINCT FROM shape THEN
            PERFORM _wh_internal.publish_tenant(feed);
        END IF;
    END LOOP;
    SELECT string_agg(format('SELECT %L::text AS schema_name, %s FROM %I.%I', f.schema_name, column_list, f.schema_name, view_name),
            E'\nUNION ALL ' ORDER BY f.schema_name)
    INTO body FROM _wh.feeds f WHERE f.template_name = template.template_name;
    changed := _wh_internal.replace_view('public', view_name, coalesce(body,
        'SELECT NULL::text AS schema_name, e.* FROM (' || _wh_internal.empty_select(columns) || ') e'));
    PERFORM _wh_internal.write_log('update_public_view_by_template', 'INFO', 'public view updated',
        jsonb_build_object('template', template.template_name, 'changed', changed));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_public_view_by_template IS 'Bring the view over all tenants up to date, with a schema_name column';
