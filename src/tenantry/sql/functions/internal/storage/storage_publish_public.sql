CREATE OR REPLACE FUNCTION _wh_internal.storage_publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Unite the tenants in the public view: what each storage returns for the tenants that it keeps. True if
-- something had to change. The caller holds the public view's lock.
--
-- Readers of some tenants see those alone. If one table holds all tenants, its row security sees to that, and
-- the view reads it with the rights of the querying role. Otherwise the view asks for each tenant whether the
-- role may see it. Without such readers the view has neither.
DECLARE
    view_name text := _wh_internal.fit_name(template.template_name);
    existing regclass := to_regclass(format('public.%I', view_name));
    shape text := _wh_internal.columns_shape(_wh_internal.shown_columns(template.template_name));
    limited boolean := EXISTS (SELECT FROM _wh_internal.limited_readers());
    -- One table holds the rows of all tenants.
    united boolean := true;
    root oid;
    secured boolean := true;
    behind _wh.feeds[];
    changed boolean := false;
    part record;
    other record;
    distributed boolean := false;
    selected text;
    body text;
BEGIN
    FOR part IN SELECT f.storage, array_agg(f ORDER BY f.schema_name) AS feeds FROM _wh.feeds f
        WHERE f.template_name = template.template_name GROUP BY f.storage ORDER BY f.storage
    LOOP
        EXECUTE format('SELECT %s($1, $2)', _wh_internal.storage_routine(part.storage, 'public_rows'))
            USING template, part.feeds INTO selected;
        -- A table beside that of all tenants has no row security.
        united := united AND body IS NULL AND (_wh_internal.storage_traits(part.storage)).united
            AND strpos(selected, E'\nUNION ALL ') = 0;
        IF united THEN
            root := _wh_internal.storage_root(template, part.storage);
        END IF;
        distributed := distributed OR (_wh_internal.storage_traits(part.storage)).distributed;
        body := nullif(concat_ws(E'\nUNION ALL ', body, selected), '');
    END LOOP;
    -- Tenant views that lack a new column of their tables get it in the same step. Otherwise a report that
    -- has read one view and goes on to the other would wait for this session, and this session for the
    -- report. While the public view's columns stay, no tenant view has to change with it: then thousands of
    -- them need not be compared. With tenantry.views_later, each follows in a transaction of its own.
    behind := CASE WHEN _wh_internal.view_columns('public', view_name) = 'schema_name text, ' || shape
            OR current_setting('tenantry.views_later', true) = 'yes'
        THEN '{}' ELSE ARRAY(SELECT f FROM _wh.feeds f JOIN _wh.storages s USING (storage)
            WHERE f.template_name = template.template_name AND s.steady
                AND _wh_internal.view_columns(f.schema_name, view_name) <> shape ORDER BY f.schema_name)
        END;
    IF limited AND NOT united THEN
        IF behind <> '{}' THEN
            PERFORM _wh_internal.execute_patiently(concat(_wh_internal.blank_view('public', view_name),
                format('SELECT _wh_internal.show_table(f) FROM unnest(%L::_wh.feeds[]) f', behind)));
            behind := '{}';
        END IF;
        body := _wh_internal.union_rows(template, ARRAY(SELECT f FROM _wh.feeds f
            WHERE f.template_name = template.template_name ORDER BY f.schema_name), limited => true);
    END IF;
    IF body IS NULL THEN
        IF (SELECT c.relkind FROM pg_class c WHERE c.oid = existing) = 'v' THEN
            PERFORM _wh_internal.refuse_empty_view(existing, _wh_internal.feeds_read(existing, template));
        END IF;
        body := format('SELECT NULL::text AS schema_name, e.* FROM (%s) e',
            _wh_internal.empty_select(_wh_internal.shown_columns(template.template_name)));
    END IF;
    IF existing IS NOT NULL AND NOT (united AND root IS NOT NULL AND (limited OR distributed))
        AND EXISTS (SELECT FROM pg_class c, pg_options_to_table(c.reloptions) o WHERE c.oid = existing
            AND o.option_name = 'security_invoker')
        AND EXISTS (SELECT FROM _wh.storages s
            WHERE _wh_internal.limits_rows(_wh_internal.storage_root(template, s.storage))) THEN
        -- What it will read is not one table with Tenantry's row security.
        PERFORM _wh_internal.execute_patiently(format('ALTER VIEW %s RESET (security_invoker)', existing));
    END IF;
    -- A table on several nodes has row security in any case: see distribute.
    FOR other IN SELECT t.relid, s.distributed FROM _wh.storages s
        CROSS JOIN LATERAL _wh_internal.storage_root(template, s.storage) AS t (relid)
        WHERE t.relid IS NOT NULL
        GROUP BY t.relid, s.distributed ORDER BY t.relid <> root
    LOOP
        IF other.relid = root THEN
            secured := _wh_internal.limit_rows(root::regclass, limited AND united OR other.distributed,
                existing);
        ELSE
            PERFORM _wh_internal.limit_rows(other.relid::regclass, other.distributed, existing);
        END IF;
    END LOOP;
    IF behind = '{}' THEN
        changed := _wh_internal.replace_view('public', view_name, body);
    ELSE
        PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.replace_view(''public'', %L, %L); '
            'SELECT _wh_internal.show_table(f) FROM unnest(%L::_wh.feeds[]) f', view_name, body, behind));
        changed := true;
    END IF;
    IF limited AND secured THEN
        PERFORM _wh_internal.let_in(format('public.%I', view_name)::regclass),
            _wh_internal.let_in('public.tenantry_freshness');
    END IF;
    PERFORM _wh_internal.describe_view('public', view_name, template);
    RETURN changed;
END
$$;
