CREATE OR REPLACE FUNCTION _wh_internal.adopt_feed(wanted_template text, wanted_connection text,
    wanted_schema text, at_most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Register a feed whose days were made by hand, and record some of them by counting; no source is asked. True
-- if there may be more: to read all days of a feed at once could take more locks than the server has. A
-- day with other columns than the template's is recorded as made by another template, so that it is loaded
-- again, or fitted.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(wanted_template);
    day record;
    counted bigint;
    recorded integer := 0;
BEGIN
    PERFORM _wh_internal.open_feed(wanted_template, wanted_connection, wanted_schema);
    FOR day IN
        SELECT o.slice_date, c.oid::regclass AS relation, pg_relation_filenode(c.oid) AS filenode,
            NOT EXISTS (
                SELECT FROM (SELECT t.column_name, t.data_type FROM _wh.template_columns t
                    WHERE t.template_name = wanted_template) t
                FULL JOIN (SELECT a.attname::text AS column_name,
                    format_type(a.atttypid, a.atttypmod) AS data_type
                    FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a
                    USING (column_name, data_type)
                WHERE t.column_name IS NULL OR a.column_name IS NULL) AS fits
        FROM _wh_adopt.objects o JOIN pg_class c ON c.oid = o.relid
        WHERE o.kind = 'day' AND o.schema_name = wanted_schema AND o.template_name = wanted_template
            AND c.relispopulated AND NOT EXISTS (SELECT FROM _wh.slices s WHERE s.schema_name = wanted_schema
                AND s.template_name = wanted_template AND s.slice_date = o.slice_date)
        ORDER BY o.slice_date LIMIT at_most
    LOOP
        EXECUTE format('SELECT count(*) FROM %s', day.relation) INTO counted;
        INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at,
            definition_hash, filenode, time_column)
        VALUES (wanted_schema, wanted_template, day.slice_date, 'loaded', counted, clock_timestamp(),
            CASE WHEN day.fits THEN _wh_internal.definition_hash(template) END, day.filenode,
            template.time_column);
        recorded := recorded + 1;
    END LOOP;
    RETURN recorded = at_most;
END
$$;
