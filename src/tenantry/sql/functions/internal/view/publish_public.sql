CREATE OR REPLACE FUNCTION _wh_internal.publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Unite the tenants: a partitioned table where all are kept in partitions, else a view over whatever each is kept in.
-- True if something had to change. The caller holds the public view's lock.
DECLARE
    partitioned boolean := (SELECT coalesce(bool_and(f.storage = 'partition'), template.storage = 'partition')
        FROM _wh.feeds f WHERE f.template_name = template.template_name)
        -- A time column of another type cannot be changed in place: until all tables are ranged anew a view unites them.
        AND NOT EXISTS (
            SELECT FROM _wh.feeds f
            JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', f.schema_name, _wh_internal.fit_name(f.template_name)))
                AND a.attname = template.time_column AND NOT a.attisdropped
            JOIN _wh.template_columns c ON c.template_name = template.template_name AND c.column_name = template.time_column
            WHERE f.template_name = template.template_name AND format_type(a.atttypid, a.atttypmod) <> c.data_type);
BEGIN
    IF partitioned THEN
        RETURN _wh_internal.partition_publish(template);
    END IF;
    RETURN _wh_internal.union_publish(template);
END
$$;
