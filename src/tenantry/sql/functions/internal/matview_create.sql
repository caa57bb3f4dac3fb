CREATE OR REPLACE FUNCTION _wh_internal.matview_create(feed _wh.feeds, template _wh.mv_templates, slice_date date) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := _wh.create_mv_name(template.template_name, slice_date);
BEGIN
    EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS %s', feed.schema_name, name, _wh_internal.source_select(feed, template, slice_date));
    EXECUTE _wh_internal.render_indexes(template.indexes, feed.schema_name, name);
    RETURN format('%I.%I', feed.schema_name, name)::regclass;
END
$$;
