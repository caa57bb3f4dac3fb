CREATE OR REPLACE FUNCTION _wh_internal.source_odd_days(template_name text, tenant_name text,
    schema_name text,
    OUT row_count bigint, OUT first_time text, OUT last_time text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- How many rows of the source lie before 1900 or after 9999, and the first and last time of those: mistyped
-- years, and -infinity. Nobody means to load the days in between. Times as text: neither Python nor a slice's
-- name has room for such years.
BEGIN
    SELECT said.row_count, said.first_time, said.last_time INTO row_count, first_time, last_time
    FROM _wh_internal.ask_ranges(template_name, tenant_name, schema_name,
        'row_count bigint, first_time text, last_time text',
        'SELECT count(*), min(at)::text, max(at)::text FROM (%1$s UNION ALL %2$s) s',
        ARRAY['-infinity', '1900-01-01 00:00:00+00', '9999-12-31 00:00:00+00', 'infinity'])
        AS said(row_count bigint, first_time text, last_time text);
END
$$;
