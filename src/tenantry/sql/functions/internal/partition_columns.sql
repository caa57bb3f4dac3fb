CREATE OR REPLACE FUNCTION _wh_internal.partition_columns(template _wh.mv_templates, target regclass, extras boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Give a partitioned table the columns that its template has got since; the older rows have NULL there. A column that
-- the template has dropped stays, with the values it has; with `extras` the table gets those of the template's others.
DECLARE
    top regclass := coalesce((SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = target), target);
    missing text;
    differing text;
BEGIN
    SELECT string_agg(format('ADD COLUMN IF NOT EXISTS %I %s', c.column_name, c.data_type), ', ' ORDER BY c.position) FILTER (WHERE a.attname IS NULL),
        string_agg(quote_ident(c.column_name), ', ' ORDER BY c.position) FILTER (WHERE format_type(a.atttypid, a.atttypmod) <> c.data_type)
    INTO missing, differing
    FROM (SELECT t.position, t.column_name, t.data_type FROM _wh.template_columns t WHERE t.template_name = template.template_name
        UNION ALL SELECT NULL, e.column_name, e.data_type FROM _wh_internal.partition_extras(template) e WHERE extras) c
    LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attname = c.column_name AND NOT a.attisdropped;
    IF differing IS NOT NULL THEN
        RAISE EXCEPTION 'template "%": % of the table % have another type', template.template_name, differing, top
            USING ERRCODE = 'datatype_mismatch', HINT = format('ALTER TABLE %s ALTER COLUMN ... TYPE ... changes them.', top);
    ELSIF missing IS NOT NULL THEN
        PERFORM _wh_internal.execute_patiently(format('ALTER TABLE %s %s', top, missing));
    END IF;
END
$$;
