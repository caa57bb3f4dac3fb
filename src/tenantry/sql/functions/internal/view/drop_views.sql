CREATE OR REPLACE FUNCTION _wh_internal.drop_views(feed _wh.feeds) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that drop a tenant's views of a template.
    SELECT coalesce(string_agg(format('DROP VIEW %s; ', v.relid::regclass), ''), '')
    FROM _wh_internal.tenant_views(feed) v
$$;
