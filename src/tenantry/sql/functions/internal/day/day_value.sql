CREATE OR REPLACE FUNCTION _wh_internal.day_value(template _wh.mv_templates, relation oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The expression for the UTC day of a relation's rows: from the time column, or in a yearly table of a
    -- template without one, the stored day. NULL if neither exists.
    SELECT CASE a.attname WHEN template.time_column
        THEN format('(%I%s%s)::date', a.attname, CASE WHEN format_type(a.atttypid, a.atttypmod) <> c.data_type
            THEN '::' || c.data_type END, _wh_internal.day_zone(template))
        ELSE quote_ident(a.attname) END
    FROM pg_attribute a LEFT JOIN _wh.template_columns c ON c.template_name = template.template_name
        AND c.column_name = a.attname
    WHERE a.attrelid = relation AND NOT a.attisdropped
        AND a.attname = coalesce(template.time_column, 'slice_date')
$$;
