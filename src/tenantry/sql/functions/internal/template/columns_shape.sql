CREATE OR REPLACE FUNCTION _wh_internal.columns_shape(columns _wh.template_columns[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- For comparison with view_columns.
    SELECT string_agg(format('%I %s', c.column_name, c.data_type), ', ' ORDER BY c.position)
        FROM unnest(columns) c
$$;
