-- After the functions: read the indexes of the existing templates, because a newer server may write them
-- differently, and check what an older version did not check. What cannot be read stays as it is; tenantry
-- doctor and the next load report it. Run as whadmin.
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
    -- Add the unique indexes to hashes that a migration left without them.
    UPDATE _wh.slices s SET definition_hash = _wh_internal.definition_hash(t) FROM _wh.mv_templates t
    WHERE t.template_name = s.template_name
        AND s.definition_hash
        = pg_catalog.md5(pg_catalog.jsonb_build_array(t.query_template, t.column_definitions,
            t.time_column)::text);
END
$$;
