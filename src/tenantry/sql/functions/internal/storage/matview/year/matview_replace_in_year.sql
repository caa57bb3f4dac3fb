CREATE OR REPLACE FUNCTION _wh_internal.matview_replace_in_year(feed _wh.feeds, template _wh.mv_templates,
    slice_date date, yearly regclass) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Replace one day inside a yearly table. The whole day is pulled before a row is touched.
DECLARE
    columns text := _wh_internal.column_list(template.template_name);
    total bigint;
BEGIN
    -- IF EXISTS would print a notice that there is none.
    IF to_regclass('pg_temp.tenantry_day') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_day;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_day ON COMMIT DROP AS %s',
        _wh_internal.source_select(feed, template, slice_date));
    total := _wh_internal.refuse_foreign_rows(to_regclass('pg_temp.tenantry_day'), template, slice_date);
    PERFORM _wh_internal.publish_identity(yearly);
    PERFORM _wh_internal.year_columns(feed, template, yearly);
    PERFORM _wh_internal.fit_indexes(feed, yearly);
    -- A table that has a column for the day keeps using it, even if the template names a time column by now.
    IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = yearly AND a.attname = 'slice_date'
        AND NOT a.attisdropped
        AND NOT EXISTS (SELECT FROM _wh.template_columns c WHERE c.template_name = template.template_name
            AND c.column_name = 'slice_date'))
    THEN
        EXECUTE format('DELETE FROM %s WHERE slice_date = %L', yearly, slice_date);
        EXECUTE format('INSERT INTO %s (%s, slice_date) SELECT %s, %L FROM pg_temp.tenantry_day', yearly,
            columns, columns, slice_date);
    ELSIF template.time_column IS NULL THEN
        RAISE EXCEPTION '% tells its days apart by a time column, and the template no longer has one', yearly
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('UPDATE _wh.mv_templates SET time_column = ... WHERE template_name = %L',
                template.template_name);
    ELSE
        -- The records describe what is stored; if nothing changed, that is the same.
        IF _wh_internal.merge_days(feed, template, yearly, to_regclass('pg_temp.tenantry_day'), slice_date,
            slice_date) > 0 THEN
            total := coalesce((_wh_internal.count_days(template, yearly::text,
                _wh_internal.day_predicate(template, slice_date, slice_date))
                ->> to_char(slice_date::timestamp, 'YYYY-MM-DD'))::bigint, 0);
        END IF;
    END IF;
    DROP TABLE pg_temp.tenantry_day;
    RETURN total;
END
$$;
