CREATE OR REPLACE FUNCTION _wh_internal.definition_hash(template _wh.mv_templates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Changes when a slice of the template would have other rows or columns. Unique indexes count, because
    -- they decide which rows of a table are the same. Other indexes do not: relations get those without their
    -- source (fit_indexes). NULL without a template.
    SELECT md5(jsonb_build_array(template.query_template, template.column_definitions, template.time_column,
        (SELECT jsonb_agg(i.fingerprint ORDER BY i.fingerprint) FROM _wh.template_indexes i
         WHERE i.template_name = template.template_name AND i.position IS NOT NULL AND i.is_unique))::text)
    WHERE template.template_name IS NOT NULL
$$;
