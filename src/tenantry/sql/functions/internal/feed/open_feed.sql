CREATE OR REPLACE FUNCTION _wh_internal.open_feed(wanted_template text, wanted_connection text,
    wanted_schema text,
    without_template boolean DEFAULT false, by_manual boolean DEFAULT false)
RETURNS _wh.feeds LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The feed to load into. The first use of a schema or template registers it, and lets readers read what will
-- be created.
DECLARE
    feed _wh.feeds;
    target text := _wh_internal.require_name('tenant', wanted_schema);
    renewed boolean;
BEGIN
    IF NOT without_template THEN
        PERFORM _wh_internal.find_template(wanted_template);
    END IF;
    PERFORM _wh_internal.known_server(wanted_connection);
    IF wanted_schema IS NULL OR to_regnamespace(quote_ident(target)) IS NULL THEN
        RAISE EXCEPTION 'schema "%" does not exist', wanted_schema USING ERRCODE = 'invalid_schema_name',
            HINT = format('Create it first: CREATE SCHEMA %I AUTHORIZATION whadmin', target);
    END IF;
    PERFORM _wh_internal.hold_tenant(target);
    SELECT * INTO feed FROM _wh.feeds f
    WHERE f.template_name = wanted_template AND f.schema_name = target AND f.tenant_name = wanted_connection;
    -- A schema that was dropped and created again by hand has lost the rights that readers had in it.
    renewed := NOT EXISTS (SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) x
        WHERE d.defaclrole = 'whadmin'::regrole
            AND d.defaclnamespace = to_regnamespace(quote_ident(target)) AND x.grantee = 'phood_ro'::regrole)
        AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(target)));
    IF feed IS NOT NULL AND NOT renewed THEN
        RETURN feed;
    END IF;
    IF NOT renewed
        AND EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = target AND t.dropping_at IS NOT NULL) THEN
        RAISE EXCEPTION 'tenant "%" is being dropped', target
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Finish that first: tenantry tenant drop %s', target);
    END IF;
    IF target IN ('public', '_wh', '_wh_data', '_wh_internal', 'cron', 'information_schema')
        OR target ~ '^pg_' THEN
        RAISE EXCEPTION 'schema "%" cannot be a tenant''s', wanted_schema
            USING ERRCODE = 'invalid_schema_name';
    END IF;
    -- One registration at a time: ALTER DEFAULT PRIVILEGES of one schema fails when two sessions run it at
    -- once.
    PERFORM _wh_internal.await_lock(hashtextextended('tenantry register ' || target, 0), false,
        format('tenant %s, which another session registers', target));
    -- Another session may have registered it meanwhile. Tables are dropped only if they are older than the
    -- schema: then they are what is left of the dropped one.
    renewed := renewed AND NOT EXISTS (SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) x
        WHERE d.defaclrole = 'whadmin'::regrole
            AND d.defaclnamespace = to_regnamespace(quote_ident(target)) AND x.grantee = 'phood_ro'::regrole);
    IF renewed THEN
        PERFORM _wh_internal.drop_kept(f) FROM _wh.feeds f
        WHERE f.schema_name = target AND NOT EXISTS (SELECT FROM _wh_internal.feed_relations(f) r
            WHERE r.kept AND r.relid > to_regnamespace(quote_ident(target))::oid);
    END IF;
    IF renewed OR NOT EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = target) THEN
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO phood_ro', target);
        PERFORM _wh_internal.grant_readers(target);
    END IF;
    INSERT INTO _wh.tenants AS t (schema_name, tenant_name) VALUES (target, wanted_connection)
    ON CONFLICT (schema_name) DO UPDATE SET tenant_name = excluded.tenant_name, dropping_at = NULL
    WHERE t.tenant_name <> excluded.tenant_name OR t.dropping_at IS NOT NULL;
    INSERT INTO _wh.feeds AS f (schema_name, template_name, tenant_name, storage)
    VALUES (target, wanted_template, wanted_connection,
        -- The operations manual goes on to name each day's view of foodlogstats, its only delivered template.
        coalesce((SELECT t.storage FROM _wh.mv_templates t WHERE t.template_name = wanted_template
            AND NOT (by_manual AND t.template_name = 'foodlogstats' AND NOT t.storage_chosen)), 'matview'))
    ON CONFLICT (schema_name, template_name) DO UPDATE SET tenant_name = excluded.tenant_name
    RETURNING * INTO feed;
    RETURN feed;
END
$$;
