CREATE OR REPLACE FUNCTION _wh_internal.move_swap(feed _wh.feeds, storage text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Put the copy in the place of what reports read. The caller keeps loads out, and has compared every year.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    things jsonb;
BEGIN
    PERFORM _wh_internal.hold_feed(feed);
    -- An autovacuum is cancelled for a session that waits long enough, which the patient step below never
    -- does. Reports are not affected by this lock; only a VACUUM reads the copy.
    EXECUTE (SELECT coalesce(string_agg(format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE;',
        c.oid::regclass), ' '), '')
        FROM _wh_internal.feed_relations(feed) r JOIN pg_class c ON c.oid = r.relid AND c.relkind = 'r');
    EXECUTE format('LOCK TABLE _wh_data.%I IN ACCESS EXCLUSIVE MODE', _wh_internal.kept_name(side));
    PERFORM _wh_internal.lock_view('public', feed.template_name);
    PERFORM _wh_internal.hold_template_tenants(ARRAY[feed.template_name]);
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    IF _wh_internal.relation_kind(format('%I.%I', feed.schema_name,
        _wh_internal.fit_name(feed.template_name))) IS NULL THEN
        PERFORM _wh_internal.storage_publish_tenant(feed);
    END IF;
    things := _wh_internal.refuse_move_dependents(feed, storage);
    PERFORM _wh_internal.move_record(feed, template);
    IF (_wh_internal.storage_traits(storage)).shared THEN
        PERFORM _wh_internal.shared_take(feed, template, storage, side);
    END IF;
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.move_switch(%L, %L, %L)', feed,
        storage, things));
END
$$;
