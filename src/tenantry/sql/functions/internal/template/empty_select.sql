CREATE OR REPLACE FUNCTION _wh_internal.empty_select(columns _wh.template_columns[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns with no rows: what a view reads from when there is no slice yet.
    SELECT 'SELECT ' || string_agg(format('NULL::%s AS %I', c.data_type, c.column_name), ', '
        ORDER BY c.position) || ' WHERE false'
    FROM unnest(columns) c
$$;
