CREATE OR REPLACE FUNCTION _wh_internal.find_feed(wanted_template text, wanted_schema text) RETURNS _wh.feeds
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    feed _wh.feeds;
    template _wh.mv_templates := _wh_internal.find_template(wanted_template);
BEGIN
    IF to_regnamespace(quote_ident(_wh_internal.require_name('tenant', wanted_schema))) IS NULL THEN
        RAISE EXCEPTION 'schema "%" does not exist', wanted_schema USING ERRCODE = 'invalid_schema_name',
            HINT = (SELECT 'Known tenants: ' || coalesce(string_agg(t.schema_name, ', '
            ORDER BY t.schema_name), 'none') FROM _wh.tenants t);
    END IF;
    SELECT * INTO feed FROM _wh.feeds f
    WHERE f.template_name = template.template_name AND f.schema_name = wanted_schema;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'schema "%" has no slices of template "%"', wanted_schema, wanted_template
            USING ERRCODE = 'undefined_object',
            HINT = 'Load some first: SELECT _wh.update_mv_by_template(template, connection, schema)';
    END IF;
    RETURN feed;
END
$$;
