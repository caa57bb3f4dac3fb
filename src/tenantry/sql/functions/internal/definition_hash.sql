CREATE OR REPLACE FUNCTION _wh_internal.definition_hash(template _wh.mv_templates) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Changes when a slice of the template would be made of other columns, by another query or with other indexes.
    -- NULL without a template.
    SELECT md5(jsonb_build_array(template.query_template, template.column_definitions, template.indexes)::text)
    WHERE template.template_name IS NOT NULL
$$;
