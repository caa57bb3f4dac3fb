CREATE OR REPLACE FUNCTION _wh_internal.select_list(relation oid, columns _wh.template_columns[],
    day text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns as a relation has them: NULL if the relation is older than the column, a cast if the type
    -- has changed since. `day` is the expression for the UTC day, for the columns of views.
    SELECT string_agg(CASE
        WHEN c.after_day IS NULL THEN format('%s AS %I', coalesce(day, 'NULL::date'), c.column_name)
        WHEN a.attname IS NULL THEN format('NULL::%s AS %I', c.data_type, c.column_name)
        WHEN format_type(a.atttypid, a.atttypmod) <> c.data_type
            THEN format('%I::%s AS %I', c.column_name, c.data_type, c.column_name)
        ELSE quote_ident(c.column_name) END, ', ' ORDER BY c.position)
    FROM unnest(columns) c
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c.column_name AND NOT a.attisdropped
$$;
