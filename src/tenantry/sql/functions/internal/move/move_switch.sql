CREATE OR REPLACE FUNCTION _wh_internal.move_switch(feed _wh.feeds, storage text, things jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The step that switches a moved feed: the relations that hold its rows are put aside and the copy takes
-- their place, under views that stay. Locks are taken in the same order as reports take them: the public
-- view, the tenant's, and what they read. `things` is what refuse_move_dependents returned.
DECLARE
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    old _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_old_');
    folded integer[] := ARRAY(SELECT y.year FROM _wh_internal.folded_years(feed) y);
    aside text;
    into_place text;
BEGIN
    SELECT string_agg(format('%s ALTER TABLE %s RENAME TO %I;', _wh_internal.revoked_grants(r.relid),
        r.relid::regclass, CASE WHEN r.kept THEN _wh_internal.kept_stem(old)
            ELSE _wh_internal.name_stem(old.template_name) END || r.suffix) || coalesce(i.renames, ''), ' ')
    INTO aside FROM _wh_internal.feed_relations(feed) r
    CROSS JOIN LATERAL (SELECT string_agg(format(' ALTER INDEX %s RENAME TO %I;', c.oid::regclass,
        _wh_internal.fit_name('tenantry_old_' || c.relname, 1)), '') AS renames
        FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        -- Names of daily slices conflict with nothing.
        WHERE x.indrelid = r.relid AND r.kept) i;
    SELECT string_agg(concat(format('ALTER TABLE %s RENAME TO %I;', l.relid::regclass, l.final_name),
        i.renames, format(' SELECT _wh_internal.put_back(%L, %L);', format('_wh_data.%I', l.final_name),
        _wh_internal.but_rights(coalesce(things, '[]')))), ' ')
    INTO into_place FROM (
        SELECT s.*, _wh_internal.kept_stem(feed)
            || to_char(make_date(s.year, coalesce(s.month, 1), 1)::timestamp,
            CASE WHEN s.month IS NULL THEN '_YYYY' ELSE '_YYYY_MM' END) AS final_name
        FROM _wh_internal.partition_leaves(side) s) l
    CROSS JOIN LATERAL (SELECT string_agg(format(' ALTER INDEX %s RENAME TO %I;', c.oid::regclass,
            -- A name so long that it was truncated may have lost the prefix, and the next move would create
            -- the same name again.
            CASE WHEN strpos(c.relname, 'tenantry_move_') > 0 THEN replace(c.relname, 'tenantry_move_', '')
                ELSE _wh_internal.fit_name(c.relname || '_' || left(md5(c.relname), 8)) END), '') AS renames
        FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = l.relid) i;
    -- The states of the tables that are put aside are dropped; move_in records those of the new tables.
    DELETE FROM _wh.feed_tables t
        WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name;
    EXECUTE _wh_internal.blank_view('public', _wh_internal.fit_name(feed.template_name))
        || _wh_internal.blank_views(feed);
    PERFORM _wh_internal.storage_move_out(feed);
    EXECUTE coalesce(aside, '');
    EXECUTE coalesce(into_place, '');
    feed := _wh_internal.storage_set(feed.template_name, feed.schema_name, storage);
    PERFORM _wh_internal.storage_move_in(feed, side, folded);
    PERFORM _wh_internal.storage_publish_tenant(feed);
    PERFORM _wh.update_public_view_by_template(feed.template_name);
END
$$;
