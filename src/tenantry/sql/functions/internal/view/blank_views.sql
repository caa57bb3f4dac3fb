CREATE OR REPLACE FUNCTION _wh_internal.blank_views(feed _wh.feeds) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that blank a tenant's views of a template (blank_view). Publishing the tenant fills them
    -- again.
    SELECT coalesce(string_agg(_wh_internal.blank_view(feed.schema_name, v.relname), ''), '')
    FROM _wh_internal.tenant_views(feed) v
$$;
