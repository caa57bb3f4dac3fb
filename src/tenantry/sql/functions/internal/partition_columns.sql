CREATE OR REPLACE FUNCTION _wh_internal.partition_columns(template _wh.mv_templates, target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Give a partitioned table the columns that its template has got since; the older rows have NULL there. A column that
-- the template has dropped stays, with the values it has.
DECLARE
    top regclass := coalesce((SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = target), target);
    missing text;
    differing text;
BEGIN
    SELECT string_agg(format('ADD COLUMN IF NOT EXISTS %I %s', c.column_name, c.data_type), ', ' ORDER BY c.position) FILTER (WHERE a.attname IS NULL),
        string_agg(quote_ident(c.column_name), ', ' ORDER BY c.position) FILTER (WHERE format_type(a.atttypid, a.atttypmod) <> c.data_type)
    INTO missing, differing
    FROM _wh.template_columns c
    LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE c.template_name = template.template_name;
    IF differing IS NOT NULL THEN
        RAISE EXCEPTION 'template "%": % of the table % have another type', template.template_name, differing, top
            USING ERRCODE = 'datatype_mismatch', HINT = format('ALTER TABLE %s ALTER COLUMN ... TYPE ... changes them.', top);
    ELSIF missing IS NOT NULL THEN
        PERFORM _wh_internal.execute_patiently(format('ALTER TABLE %s %s', top, missing));
    END IF;
END
$$;
