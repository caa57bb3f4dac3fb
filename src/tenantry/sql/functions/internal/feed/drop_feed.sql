CREATE OR REPLACE FUNCTION _wh_internal.drop_feed(template_name text, schema_name text, most integer)
    RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Drop what a tenant has of a template, with what moves put beside it, at most `most` relations in one call;
-- how many. The first call takes the tenant out of the public view, so that no report fails; later ones find
-- the rest by its names.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    feed _wh.feeds;
    tenant text := format('%I.%I', schema_name, _wh_internal.fit_name(template.template_name));
    statements text;
    dropped integer;
BEGIN
    PERFORM _wh_internal.await_lock(_wh_internal.tenant_lock(schema_name), false,
        format('tenant %s, on which another session works', schema_name));
    SELECT f.* INTO feed FROM _wh.feeds f
    WHERE f.schema_name = drop_feed.schema_name AND f.template_name = template.template_name;
    IF FOUND THEN
        PERFORM _wh_internal.hold_template_tenants(ARRAY[template.template_name]);
        PERFORM _wh_internal.lock_view('public', template.template_name);
        DELETE FROM _wh.feeds f
            WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
        PERFORM _wh_internal.storage_publish_public(template);
        -- Last: the public view, where it is one, has read it until now.
        PERFORM _wh_internal.execute_patiently(format('DROP %s IF EXISTS %s',
            CASE (_wh_internal.storage_traits(feed.storage)).tenant_kind WHEN 'v' THEN 'VIEW'
            ELSE 'TABLE' END, tenant));
        PERFORM _wh_internal.write_log('drop_feed', 'INFO', 'a template''s data are dropped', to_jsonb(feed));
    END IF;
    feed.schema_name := drop_feed.schema_name;
    SELECT string_agg(format('DROP %s IF EXISTS %I.%I', CASE r.kind WHEN 'm' THEN 'MATERIALIZED VIEW'
        ELSE 'TABLE' END, feed.schema_name, r.name), '; '), count(*)
    INTO statements, dropped
    FROM (
        SELECT c.relname AS name, c.relkind AS kind
        FROM unnest(ARRAY['', 'tenantry_move_', 'tenantry_old_']) AS p (prefix)
        CROSS JOIN LATERAL (SELECT feed.schema_name, p.prefix || template.template_name) s (schema_name,
            template_name)
        CROSS JOIN LATERAL _wh_internal.feed_relations(jsonb_populate_record(NULL::_wh.feeds,
            jsonb_build_object('schema_name', s.schema_name, 'template_name', s.template_name))) f
        JOIN pg_class c ON c.oid = f.relid
        UNION
        SELECT c.relname, c.relkind
        FROM unnest(ARRAY['tenantry_move_', 'tenantry_old_']) AS p (prefix)
        JOIN pg_class c ON c.oid
            = to_regclass(format('%I.%I', feed.schema_name,
            _wh_internal.fit_name(p.prefix || template.template_name)))
        WHERE c.relkind = 'p'
        ORDER BY 1 LIMIT most
    ) r;
    IF dropped > 0 THEN
        PERFORM _wh_internal.execute_patiently(statements);
    END IF;
    RETURN dropped;
END
$$;
