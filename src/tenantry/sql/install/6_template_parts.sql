-- After the functions: read the indexes of the templates that are there, since a newer server may say them in
-- other words, and what an older version did not look at. What cannot be read is left as it is; tenantry
-- doctor tells of it, and so does the next load. Run as whadmin.
DO $$
DECLARE
    template _wh.mv_templates;
BEGIN
    FOR template IN SELECT t.* FROM _wh.mv_templates t LOOP
        BEGIN
            IF template.column_definitions ILIKE '%collate%' THEN
                PERFORM _wh_internal.keep_columns(template);
            END IF;
            PERFORM _wh_internal.keep_template_indexes(template);
        EXCEPTION WHEN OTHERS THEN
            PERFORM _wh_internal.write_log('install', 'ERROR', SQLERRM,
                pg_catalog.jsonb_build_object('template', template.template_name));
        END;
        BEGIN
            PERFORM _wh_internal.refuse_query(template.query_template);
        EXCEPTION WHEN syntax_error THEN
            UPDATE _wh.mv_templates t SET refusal = SQLERRM WHERE t.template_name = template.template_name
                AND t.refusal IS DISTINCT FROM SQLERRM;
        END;
    END LOOP;
    -- A hash that a migration left without the unique indexes gets them.
    UPDATE _wh.slices s SET definition_hash = _wh_internal.definition_hash(t) FROM _wh.mv_templates t
    WHERE t.template_name = s.template_name
        AND s.definition_hash
        = pg_catalog.md5(pg_catalog.jsonb_build_array(t.query_template, t.column_definitions,
            t.time_column)::text);
END
$$;
