CREATE OR REPLACE FUNCTION _wh_internal.columns_shape(columns _wh.template_columns[],
    collated boolean DEFAULT true) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns with their types and collations, for comparison with view_columns; without collations,
    -- which make no difference to what a query returns, for comparison with what a tenant's own query was
    -- bound to.
    SELECT string_agg(format('%I %s%s', c.column_name, c.data_type,
        CASE WHEN collated THEN ' COLLATE ' || to_regcollation(c.collation_name) END), ', '
        ORDER BY c.position)
    FROM unnest(columns) c
$$;
