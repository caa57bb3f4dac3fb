CREATE OR REPLACE FUNCTION _wh_internal.drop_views(feed _wh.feeds) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that drop a tenant's views of a template: the tenant view, and those of folded years.
    SELECT coalesce(string_agg(format('DROP VIEW %I.%I; ', feed.schema_name, v.relname), ''), '')
    FROM (
        SELECT n.name AS relname FROM _wh_internal.fit_name(feed.template_name) AS n (name)
        WHERE _wh_internal.relation_kind(format('%I.%I', feed.schema_name, n.name)) = 'v'
        UNION ALL SELECT y.relname FROM _wh_internal.year_views(feed) y
    ) v
$$;
