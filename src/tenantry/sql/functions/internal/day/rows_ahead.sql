CREATE OR REPLACE FUNCTION _wh_internal.rows_ahead(template_name text, tenant_name text, schema_name text)
    RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- How many rows the source has that are dated after the last day that may be loaded, and so are left out;
-- those of years after 9999 are source_odd_days'.
DECLARE
    after date := _wh_internal.latest_day(template_name) + 1;
BEGIN
    RETURN (SELECT said.row_count
        FROM _wh_internal.ask_ranges(template_name, tenant_name, schema_name, 'row_count bigint',
            'SELECT count(*) FROM (%1$s) s',
            ARRAY[to_char(after::timestamp, 'YYYY-MM-DD 00:00:00"+00"'), '9999-12-31 00:00:00+00'])
            AS said(row_count bigint));
END
$$;
