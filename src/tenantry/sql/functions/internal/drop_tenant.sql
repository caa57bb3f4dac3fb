CREATE OR REPLACE FUNCTION _wh_internal.drop_tenant(schema_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Take a tenant out of the public views and drop its tenant views, in one transaction, so that no report fails. The
-- slices follow with drop_tenant_slices, the schema with a second call of this.
DECLARE
    feed _wh.feeds;
BEGIN
    FOR feed IN SELECT f.* FROM _wh.feeds f WHERE f.schema_name = drop_tenant.schema_name LOOP
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        DELETE FROM _wh.feeds f WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
        PERFORM _wh.update_public_view_by_template(feed.template_name);
        PERFORM _wh_internal.execute_patiently(format('DROP VIEW IF EXISTS %I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)));
    END LOOP;
    DELETE FROM _wh.tenants t WHERE t.schema_name = drop_tenant.schema_name;
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.relkind = 'm' AND c.relnamespace = to_regnamespace(quote_ident(drop_tenant.schema_name))) THEN
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', drop_tenant.schema_name);
    END IF;
END
$$;
