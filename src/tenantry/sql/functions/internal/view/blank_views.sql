CREATE OR REPLACE FUNCTION _wh_internal.blank_views(feed _wh.feeds) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that blank a tenant's views of a template (blank_view): the tenant view, and those of
    -- folded years. Publishing the tenant fills them again.
    SELECT coalesce(string_agg(_wh_internal.blank_view(feed.schema_name, v.relname) || '; ', ''), '')
    FROM (
        SELECT n.name AS relname FROM _wh_internal.fit_name(feed.template_name) AS n (name)
        WHERE _wh_internal.relation_kind(format('%I.%I', feed.schema_name, n.name)) = 'v'
        UNION ALL SELECT y.relname FROM _wh_internal.year_views(feed) y
    ) v
$$;
