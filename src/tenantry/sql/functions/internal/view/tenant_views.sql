CREATE OR REPLACE FUNCTION _wh_internal.tenant_views(feed _wh.feeds) RETURNS TABLE (relid oid, relname text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A tenant's views of a template: the tenant view, and those of folded years.
    SELECT c.oid, c.relname::text FROM pg_class c
    WHERE c.relkind = 'v'
        AND c.oid = to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))
    UNION ALL SELECT y.relid, y.relname FROM _wh_internal.year_views(feed) y
$$;
