CREATE OR REPLACE FUNCTION _wh_internal.refuse_foreign_rows(relation regclass, template _wh.mv_templates,
    slice_date date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The number of rows of a slice. Raises an error if some belong to another day. Union views and yearly tables
-- tell the days apart by the time column, so such a row would be lost or counted twice.
DECLARE
    predicate text := _wh_internal.day_predicate(template, slice_date, slice_date);
    total bigint;
    strays bigint;
    samples text;
BEGIN
    IF predicate IS NULL THEN
        EXECUTE format('SELECT count(*) FROM %s', relation) INTO total;
        RETURN total;
    END IF;
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE (%s) IS NOT TRUE) FROM %s', predicate, relation)
        INTO total, strays;
    IF strays > 0 THEN
        EXECUTE format('SELECT string_agg(r.sample, ''; '') FROM (SELECT to_jsonb(t.*)::text AS sample FROM '
            '%s t WHERE (%s) IS NOT TRUE LIMIT 3) r',
            relation, predicate) INTO samples;
        RAISE EXCEPTION '% of % rows have a % outside the UTC day', strays, total, template.time_column
            USING ERRCODE = 'check_violation', DETAIL = left(samples, 1000),
                HINT = 'Filter in the template by a half-open UTC range: column >= ''{START_TIME}'' AND '
                'column < ''{END_TIME}''.';
    END IF;
    RETURN total;
END
$$;
