CREATE OR REPLACE FUNCTION _wh_internal.year_views(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The views of folded years that publish_years created.
    SELECT c.oid, c.relname::text
    FROM _wh.published_views v
    JOIN pg_class c ON c.relname = v.view_name AND c.relkind = 'v'
        AND c.relnamespace = to_regnamespace(quote_ident(v.schema_name))
    CROSS JOIN LATERAL _wh_internal.name_stem(feed.template_name) AS s (stem)
    WHERE v.schema_name = feed.schema_name AND left(v.view_name, length(stem)) = stem
        AND substr(v.view_name, length(stem) + 1) ~ '^_[0-9]{4}$'
        -- The tenant view of a template of such a name is another matter.
        AND NOT EXISTS (SELECT FROM _wh.feeds f WHERE f.schema_name = feed.schema_name
            AND _wh_internal.fit_name(f.template_name) = v.view_name)
$$;
