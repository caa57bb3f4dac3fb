CREATE OR REPLACE FUNCTION _wh_internal.union_rows(template _wh.mv_templates, feeds _wh.feeds[],
    limited boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The public view's query over these tenants: a branch for each tenant's view. NULL if there is none yet.
-- `limited`: each branch asks whether the querying role may see the tenant, except in branches that other
-- nodes answer: their row security decides.
DECLARE
    view_name text := _wh_internal.fit_name(template.template_name);
    columns _wh.template_columns[] := _wh_internal.shown_columns(template.template_name);
    shape text := _wh_internal.columns_shape(columns);
    feed _wh.feeds;
    former text := coalesce(current_setting('tenantry.uniting', true), '');
BEGIN
    -- A tenant view whose columns differ from the template's would fail below. One that was dropped by hand
    -- is created again. None of them unites the tenants again: this function is about to.
    PERFORM set_config('tenantry.uniting', template.template_name, true);
    FOREACH feed IN ARRAY feeds LOOP
        IF _wh_internal.view_columns(feed.schema_name, view_name) IS DISTINCT FROM shape THEN
            -- Publishing a tenant in a steady storage publishes this view, too.
            IF (_wh_internal.storage_traits(feed.storage)).steady THEN
                PERFORM _wh_internal.show_table(feed);
            ELSE
                PERFORM _wh_internal.storage_publish_tenant(feed);
            END IF;
        END IF;
    END LOOP;
    PERFORM set_config('tenantry.uniting', former, true);
    RETURN (SELECT string_agg(format('SELECT %L::text AS schema_name, %s FROM %I.%I%s', f.schema_name,
            _wh_internal.select_list(to_regclass(format('%I.%I', f.schema_name, view_name)), columns, 'day'),
            f.schema_name, view_name, CASE WHEN limited
            AND NOT (_wh_internal.storage_traits(f.storage)).distributed THEN ' WHERE ' || _wh_internal.seen(
            format('%I.%I', f.schema_name, view_name)::regclass) END), E'\nUNION ALL ' ORDER BY f.schema_name)
        FROM unnest(feeds) f
        WHERE _wh_internal.relation_kind(format('%I.%I', f.schema_name, view_name)) IS NOT NULL);
END
$$;
