CREATE OR REPLACE FUNCTION _wh_internal.fit_columns(template _wh.mv_templates, target regclass,
    extras boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Give a table in _wh_data, and all tables united with it, the columns that its template has gained or
-- widened since (table_changes).
DECLARE
    top regclass;
    spread boolean;
    changes text;
    feeds _wh.feeds[];
BEGIN
    -- Nearly always.
    IF NOT (extras AND EXISTS (SELECT FROM _wh_internal.partition_extras(template)))
        AND NOT _wh_internal.lacks_columns(template, target) THEN
        RETURN;
    END IF;
    top := coalesce((SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = target), target);
    spread := _wh_internal.is_distributed(top);
    -- Before rows are read (table_changes): a session that held a lock on the table while it waits for the
    -- view would deadlock with the session that changes the table.
    IF _wh_internal.lacks_columns(template, target, template.time_column) THEN
        PERFORM _wh_internal.lock_view('public', template.template_name);
    END IF;
    changes := _wh_internal.table_changes(template, target, extras);
    IF changes IS NOT NULL THEN
        PERFORM _wh_internal.lock_view('public', template.template_name);
        changes := _wh_internal.table_changes(template, target, extras);
    END IF;
    IF changes IS NULL THEN
        RETURN;
    ELSIF current_setting('tenantry.views_later', true) = 'yes' THEN
        -- The transaction ends before views are changed.
        PERFORM _wh_internal.execute_patiently(_wh_internal.spread(spread, format('ALTER TABLE %s %s', top,
            changes)));
        RETURN;
    END IF;
    feeds := ARRAY(SELECT f
        FROM _wh.feeds f, _wh_internal.storage_table(f) AS t (relid)
        WHERE f.template_name = template.template_name
            AND (t.relid = target
            OR t.relid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = top))
        ORDER BY f.schema_name);
    IF changes NOT LIKE '%ALTER COLUMN%' THEN
        -- The views get the columns when they are next published. They are locked before the table, as
        -- reports lock them: a report that has a view and waits for its table would never let this
        -- transaction change the view.
        PERFORM _wh_internal.execute_patiently(concat(
            -- This locks the view alone; LOCK TABLE would also lock the table under it.
            (SELECT string_agg(format('ALTER VIEW %s OWNER TO CURRENT_USER; ', c.oid::regclass), '')
                FROM pg_class c
                WHERE c.relkind = 'v' AND pg_get_userbyid(c.relowner) = current_user AND c.oid IN (
                    SELECT to_regclass(format('public.%I', _wh_internal.fit_name(template.template_name)))
                    UNION ALL
                    SELECT v.relid FROM unnest(feeds) f CROSS JOIN LATERAL _wh_internal.tenant_views(f) v)),
            _wh_internal.spread(spread, format('ALTER TABLE %s %s', top, changes))));
        RETURN;
    END IF;
    -- PostgreSQL changes neither type nor collation of a column that a view shows, so that step blanks the
    -- views and fills them again.
    PERFORM _wh_internal.execute_patiently(format('%s%s%s; SELECT '
        '_wh_internal.show_table(f), _wh_internal.publish_years(f) FROM unnest(%L::_wh.feeds[]) f; '
        'SELECT _wh_internal.storage_publish_public(t) FROM _wh.mv_templates t WHERE t.template_name = %L',
        _wh_internal.blank_view('public', _wh_internal.fit_name(template.template_name)),
        (SELECT string_agg(_wh_internal.blank_views(f), '') FROM unnest(feeds) f),
        _wh_internal.spread(spread, format('ALTER TABLE %s %s', top, changes)), feeds,
        template.template_name));
END
$$;
