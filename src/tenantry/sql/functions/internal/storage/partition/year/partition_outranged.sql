CREATE OR REPLACE FUNCTION _wh_internal.partition_outranged(template _wh.mv_templates, target regclass)
    RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The column by which a tenant's table is partitioned, if it is not the template's time column, or has
    -- another type. Days cannot be told apart by it, so nothing is loaded until the table is repartitioned
    -- (partition_rerange).
    SELECT a.attname::text FROM pg_partitioned_table k
    JOIN pg_attribute a ON a.attrelid = k.partrelid AND a.attnum = k.partattrs[0]
    JOIN _wh.template_columns c ON c.template_name = template.template_name
        AND c.column_name = template.time_column
    WHERE k.partrelid = target AND k.partstrat = 'r'
        AND (a.attname <> c.column_name OR format_type(a.atttypid, a.atttypmod) <> c.data_type)
$$;
