CREATE OR REPLACE FUNCTION _wh_internal.withdraw_tenant(schema_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take a tenant that is being dropped out of the public views, and drop its views and its data in _wh_data.
-- Waits for loads and folds that are running; later ones are refused. Nothing to do if that has been done.
DECLARE
    feed _wh.feeds;
    owner name := (SELECT n.nspowner::regrole FROM pg_namespace n
        WHERE n.nspname = withdraw_tenant.schema_name AND NOT pg_has_role(n.nspowner, 'USAGE'));
BEGIN
    IF owner IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" belongs to role %, which must drop it', withdraw_tenant.schema_name, owner
            USING ERRCODE = 'insufficient_privilege', HINT = format('As that role: DROP SCHEMA %I CASCADE; '
                'then for each template: SELECT _wh.update_public_view_by_template(template)',
                withdraw_tenant.schema_name);
    END IF;
    PERFORM _wh_internal.await_lock(_wh_internal.tenant_lock(withdraw_tenant.schema_name), false,
        format('tenant %s, on which another session works', withdraw_tenant.schema_name));
    PERFORM _wh_internal.hold_template_tenants(ARRAY(SELECT f.template_name FROM _wh.feeds f
        WHERE f.schema_name = withdraw_tenant.schema_name));
    FOR feed IN SELECT f.* FROM _wh.feeds f WHERE f.schema_name = withdraw_tenant.schema_name
        ORDER BY f.template_name LOOP
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        PERFORM _wh_internal.settle_feed(feed);
        DELETE FROM _wh.feeds f
            WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
        -- A create function written by operators has no template, and no public view.
        IF EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = feed.template_name) THEN
            PERFORM _wh.update_public_view_by_template(feed.template_name);
        END IF;
        -- Last, because the public view has read them until now.
        PERFORM _wh_internal.execute_patiently(_wh_internal.drop_views(feed));
        PERFORM _wh_internal.drop_kept(feed);
    END LOOP;
    -- It stays recorded until its schema is gone, so that an interrupted drop can be continued.
    UPDATE _wh.tenants t SET dropping_at = coalesce(t.dropping_at, now())
        WHERE t.schema_name = withdraw_tenant.schema_name;
END
$$;
