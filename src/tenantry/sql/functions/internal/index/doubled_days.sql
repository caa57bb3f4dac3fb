CREATE OR REPLACE FUNCTION _wh_internal.doubled_days(feed _wh.feeds, relation oid)
    RETURNS TABLE (slice_date date, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The days of a table that have rows with the same key as another row; they are recorded as failed. Returns
-- no days if the template's unique indexes are not over plain columns, or if it has no time column.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    keys record;
    key text;
BEGIN
    IF template.time_column IS NULL THEN
        RETURN;
    END IF;
    FOR keys IN SELECT i.key_columns FROM _wh.template_indexes i
        WHERE i.template_name = feed.template_name AND i.position IS NOT NULL AND i.key_columns IS NOT NULL
        ORDER BY i.position
    LOOP
        key := (SELECT string_agg(quote_ident(k), ', ') FROM unnest(keys.key_columns) k);
        FOR slice_date, error IN EXECUTE format($q$
            SELECT (%2$I%3$s)::date AS day, min(ROW(%1$s)::text) AS sample FROM %4$s
            WHERE (%1$s) IN (SELECT %1$s FROM %4$s GROUP BY %1$s HAVING count(*) > 1) GROUP BY 1
                ORDER BY 1$q$,
            key, template.time_column, _wh_internal.day_zone(template), relation::regclass)
        LOOP
            error := format('%s.%s %s: more than one row has the same %s: %s', feed.schema_name,
                feed.template_name, to_char(slice_date::timestamp, 'YYYY-MM-DD'), key, error);
            PERFORM _wh_internal.record_failure(feed, slice_date, error);
            RETURN NEXT;
        END LOOP;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
END
$$;
