CREATE OR REPLACE FUNCTION _wh_internal.source_select(feed _wh.feeds, template _wh.mv_templates, slice_date date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The statement that pulls one slice from its source. The columns may end in a comment, hence the line break.
    SELECT format(E'SELECT * FROM %I.dblink(%L, %L) AS t(%s\n)', _wh_internal.dblink_schema(),
        _wh_internal.server_name(feed.tenant_name),
        _wh_internal.render_query(template.query_template, feed.schema_name, slice_date, slice_date), template.column_definitions)
$$;
