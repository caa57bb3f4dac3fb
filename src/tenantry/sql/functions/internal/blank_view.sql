CREATE OR REPLACE FUNCTION _wh_internal.blank_view(schema_name text, view_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A view's present columns with no rows: lets go of what it reads from, without dropping it.
    SELECT 'SELECT ' || string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum) || ' WHERE false'
    FROM pg_attribute a WHERE a.attrelid = format('%I.%I', schema_name, view_name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;
