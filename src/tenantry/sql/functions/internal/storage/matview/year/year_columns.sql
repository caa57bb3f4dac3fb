CREATE OR REPLACE FUNCTION _wh_internal.year_columns(feed _wh.feeds, template _wh.mv_templates,
    yearly regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Give a yearly table of matview storage the columns that its template has gained or widened since. The
-- tenant's views are blanked for that, in the same step that writes them again.
DECLARE
    changes text := _wh_internal.table_changes(template, yearly);
BEGIN
    IF changes IS NULL THEN
        RETURN;
    END IF;
    PERFORM _wh_internal.matview_publish_tenant(feed, format('SELECT _wh_internal.publish_years(%L)', feed),
        concat(CASE WHEN changes LIKE '%ALTER COLUMN%' THEN _wh_internal.blank_views(feed) END,
        format('ALTER TABLE %s %s', yearly, changes)));
END
$$;
