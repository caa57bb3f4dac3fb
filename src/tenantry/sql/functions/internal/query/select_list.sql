CREATE OR REPLACE FUNCTION _wh_internal.select_list(relation oid, columns _wh.template_columns[],
    day text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns as a relation has them: NULL if the relation is older than the column, a cast if the type
    -- has changed since, and COLLATE if the collation has. `day` is the expression for the UTC day, for the
    -- columns of views.
    SELECT string_agg(e.expression || CASE WHEN e.expression = quote_ident(c.column_name) THEN ''
        ELSE ' AS ' || quote_ident(c.column_name) END, ', ' ORDER BY c.position)
    FROM unnest(columns) c
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c.column_name AND NOT a.attisdropped
    LEFT JOIN pg_type t ON t.oid = to_regtype(c.data_type)
    CROSS JOIN LATERAL (SELECT CASE
        WHEN c.after_day IS NULL THEN coalesce(day, 'NULL::date')
        WHEN a.attname IS NULL THEN 'NULL::' || c.data_type
        WHEN format_type(a.atttypid, a.atttypmod) <> c.data_type
            THEN format('%I::%s', c.column_name, c.data_type)
        ELSE quote_ident(c.column_name) END || CASE
        WHEN coalesce(nullif(a.attcollation, 0), t.typcollation) <> coalesce(to_regcollation(
            c.collation_name)::oid, t.typcollation) AND t.typcollation <> 0
        THEN ' COLLATE ' || coalesce(c.collation_name, t.typcollation::regcollation::text)
        ELSE '' END AS expression) e
$$;
