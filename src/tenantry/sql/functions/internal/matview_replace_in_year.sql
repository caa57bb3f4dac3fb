CREATE OR REPLACE FUNCTION _wh_internal.matview_replace_in_year(feed _wh.feeds, template _wh.mv_templates, slice_date date, yearly regclass) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Replace one day inside a yearly table. The day is pulled whole before a row is touched.
DECLARE
    columns text := _wh_internal.column_list(template.template_name);
    newer text;
    total bigint;
BEGIN
    -- IF EXISTS would say that there is none.
    IF to_regclass('pg_temp.tenantry_day') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_day;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_day ON COMMIT DROP AS %s', _wh_internal.source_select(feed, template, slice_date));
    total := _wh_internal.refuse_foreign_rows(to_regclass('pg_temp.tenantry_day'), template, slice_date);
    -- Columns that the template got since the year was folded; the rows of the other days have NULL there.
    SELECT string_agg(format('ADD COLUMN %I %s', c.column_name, c.data_type), ', ' ORDER BY c.position) INTO newer
    FROM _wh.template_columns c
    WHERE c.template_name = template.template_name AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = yearly AND a.attname = c.column_name AND NOT a.attisdropped);
    IF newer IS NOT NULL THEN
        PERFORM _wh_internal.publish_tenant(feed, beforehand => format('ALTER TABLE %s %s', yearly, newer));
    END IF;
    IF template.time_column IS NULL THEN
        PERFORM _wh_internal.publish_identity(yearly);
        EXECUTE format('DELETE FROM %s WHERE slice_date = %L', yearly, slice_date);
        EXECUTE format('INSERT INTO %s (%s, slice_date) SELECT %s, %L FROM pg_temp.tenantry_day', yearly, columns, columns, slice_date);
    ELSE
        -- What is recorded is what is stored; where nothing changed those are the same.
        IF _wh_internal.merge_days(template, yearly, to_regclass('pg_temp.tenantry_day'), slice_date, slice_date) > 0 THEN
            total := coalesce((_wh_internal.count_days(template, yearly::text, _wh_internal.day_predicate(template, slice_date, slice_date))
                ->> to_char(slice_date::timestamp, 'YYYY-MM-DD'))::bigint, 0);
        END IF;
    END IF;
    DROP TABLE pg_temp.tenantry_day;
    RETURN total;
END
$$;
