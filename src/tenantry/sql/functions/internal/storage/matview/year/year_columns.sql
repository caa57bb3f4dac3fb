CREATE OR REPLACE FUNCTION _wh_internal.year_columns(feed _wh.feeds, template _wh.mv_templates,
    yearly regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Give a yearly table of matview storage the columns that its template has got since, or has widened. The
-- tenant's view lets go of the table for that, in the step that writes it anew.
DECLARE
    changes text := _wh_internal.table_changes(template, yearly);
    view_name text := _wh_internal.fit_name(feed.template_name);
BEGIN
    IF changes IS NULL THEN
        RETURN;
    END IF;
    PERFORM _wh_internal.matview_publish_tenant(feed, beforehand => concat(
        CASE WHEN _wh_internal.relation_kind(format('%I.%I', feed.schema_name, view_name)) = 'v'
        AND changes LIKE '%ALTER COLUMN%' THEN
            _wh_internal.blank_view(feed.schema_name, view_name) || '; ' END,
        format('ALTER TABLE %s %s', yearly, changes)));
END
$$;
