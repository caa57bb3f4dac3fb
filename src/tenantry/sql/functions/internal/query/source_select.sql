CREATE OR REPLACE FUNCTION _wh_internal.source_select(feed _wh.feeds, template _wh.mv_templates,
    slice_date date) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The statement that pulls one slice from its source. If the source's names are the declared ones, the
-- columns are picked by name, so that a materialized view never mixes up columns when it is refreshed
-- (match_columns handles all other cases).
DECLARE
    names text[] := _wh_internal.source_names(template, feed.tenant_name, feed.schema_name);
    query text := _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name,
        slice_date, slice_date);
BEGIN
    PERFORM _wh_internal.match_columns(template, names);
    IF _wh_internal.matched_by_name(template, names) THEN
        query := format(E'%s%s\n) AS q', _wh_internal.select_head(template), query);
    END IF;
    RETURN format('SELECT * FROM %I.dblink(_wh_internal.source_login(%L), %L) AS t(%s)',
        _wh_internal.dblink_schema(),
        _wh_internal.server_name(feed.tenant_name), _wh_internal.guarded(query),
            _wh_internal.declared_columns(template.template_name));
END
$$;
