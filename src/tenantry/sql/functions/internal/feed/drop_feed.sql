CREATE OR REPLACE FUNCTION _wh_internal.drop_feed(template_name text, schema_name text, most integer)
    RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Drop a tenant's data of a template, with the relations that moves put beside it, at most `most` relations
-- in one call; return how many. The first call takes the tenant out of the public view, so that no report
-- fails; later calls find the rest by its names.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    feed _wh.feeds;
    statements text;
    dropped integer := 0;
BEGIN
    PERFORM _wh_internal.await_lock(_wh_internal.tenant_lock(schema_name), false,
        format('tenant %s, on which another session works', schema_name));
    SELECT f.* INTO feed FROM _wh.feeds f
    WHERE f.schema_name = drop_feed.schema_name AND f.template_name = template.template_name;
    IF FOUND THEN
        PERFORM _wh_internal.hold_template_tenants(ARRAY[template.template_name]);
        PERFORM _wh_internal.lock_view('public', template.template_name);
        PERFORM _wh_internal.settle_feed(feed);
        DELETE FROM _wh.feeds f
            WHERE f.schema_name = feed.schema_name AND f.template_name = feed.template_name;
        PERFORM _wh_internal.storage_publish_public(template);
        -- Last, because the public view has read them until now.
        PERFORM _wh_internal.execute_patiently(_wh_internal.drop_views(feed));
        dropped := (SELECT count(*) FROM _wh_internal.feed_relations(feed) r WHERE r.kept);
        PERFORM _wh_internal.drop_kept(feed);
        PERFORM _wh_internal.write_log('drop_feed', 'INFO', 'data of a template dropped', to_jsonb(feed));
    END IF;
    feed.schema_name := drop_feed.schema_name;
    feed.template_name := template.template_name;
    SELECT string_agg(format('DROP %s %s', CASE r.kind WHEN 'm' THEN 'MATERIALIZED VIEW'
        ELSE 'TABLE' END, r.relid::regclass), '; '), dropped + count(*)
    INTO statements, dropped
    FROM (
        SELECT c.oid AS relid, c.relkind AS kind
        FROM unnest(ARRAY['', 'tenantry_move_', 'tenantry_old_']) AS p (prefix)
        CROSS JOIN LATERAL _wh_internal.feed_relations(jsonb_populate_record(feed,
            jsonb_build_object('template_name', p.prefix || template.template_name))) f
        JOIN pg_class c ON c.oid = f.relid WHERE NOT f.kept
        ORDER BY c.relname LIMIT most
    ) r;
    IF statements IS NOT NULL THEN
        PERFORM _wh_internal.execute_patiently(statements);
    ELSIF dropped = 0 THEN
        PERFORM _wh_internal.drop_kept(feed);
    END IF;
    RETURN dropped;
END
$$;
