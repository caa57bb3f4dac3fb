CREATE OR REPLACE FUNCTION _wh_internal.matview_create(feed _wh.feeds, template _wh.mv_templates,
    slice_date date,
    aside text DEFAULT NULL) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create a slice, for the time being under the name `aside` if one is given. Its indexes get their final
-- names at once.
DECLARE
    name text := _wh.create_mv_name(template.template_name, slice_date);
    relation_name text := coalesce(aside, name);
BEGIN
    EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS %s', feed.schema_name, relation_name,
        _wh_internal.source_select(feed, template, slice_date));
    EXECUTE _wh_internal.render_indexes(template, feed.schema_name, name, relation_name);
    RETURN format('%I.%I', feed.schema_name, relation_name)::regclass;
END
$$;
