CREATE OR REPLACE FUNCTION _wh_internal.view_columns(schema_name text, view_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a view with their types and collations, to compare with columns_shape; NULL if there is
    -- no such view.
    SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation END), ', '
        ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = to_regclass(format('%I.%I', schema_name, view_name))
        AND a.attnum > 0 AND NOT a.attisdropped
$$;
