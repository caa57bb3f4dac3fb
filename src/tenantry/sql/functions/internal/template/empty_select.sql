CREATE OR REPLACE FUNCTION _wh_internal.empty_select(columns _wh.template_columns[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns without rows, for a view that has no slice to read from yet.
    SELECT 'SELECT ' || string_agg(format('NULL::%s%s AS %I', c.data_type,
        ' COLLATE ' || c.collation_name, c.column_name), ', ' ORDER BY c.position) || ' WHERE false'
    FROM unnest(columns) c
$$;
