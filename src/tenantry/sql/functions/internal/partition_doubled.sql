CREATE OR REPLACE FUNCTION _wh_internal.partition_doubled(feed _wh.feeds, leaf oid) RETURNS TABLE (slice_date date, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The days of a table without indexes in which a row stands whose key another row has, too; they are noted as failed.
-- None where the template's unique indexes are not over columns alone.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    name text := _wh_internal.fit_name('tenantry_key_' || template.template_name);
    target text := format('%I.%I', feed.schema_name, name);
    key text;
BEGIN
    -- PostgreSQL itself says which columns the template's indexes are over.
    EXECUTE format('CREATE TABLE %s (LIKE %s)', target, leaf::regclass);
    EXECUTE _wh_internal.render_indexes(template.indexes, feed.schema_name, name);
    key := (SELECT string_agg(quote_ident(k), ', ') FROM unnest(_wh_internal.unique_key(target::regclass,
        ARRAY(SELECT c.column_name FROM _wh.template_columns c WHERE c.template_name = template.template_name))) k);
    EXECUTE format('DROP TABLE %s', target);
    IF key IS NULL THEN
        RETURN;
    END IF;
    FOR slice_date, error IN EXECUTE format($q$
        SELECT (%2$I%3$s)::date AS day, min(ROW(%1$s)::text) AS sample FROM %4$s
        WHERE (%1$s) IN (SELECT %1$s FROM %4$s GROUP BY %1$s HAVING count(*) > 1) GROUP BY 1 ORDER BY 1$q$,
        key, template.time_column, _wh_internal.day_zone(template), leaf::regclass)
    LOOP
        error := format('%s.%s %s: more than one row has the same %s: %s', feed.schema_name, feed.template_name, to_char(slice_date::timestamp, 'YYYY-MM-DD'), key, error);
        PERFORM _wh_internal.record_failure(feed, slice_date, error);
        RETURN NEXT;
    END LOOP;
END
$$;
