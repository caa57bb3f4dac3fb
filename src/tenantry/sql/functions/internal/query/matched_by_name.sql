CREATE OR REPLACE FUNCTION _wh_internal.matched_by_name(template _wh.mv_templates, given text[])
    RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether the source's names of a query's columns are those that the template declares.
    SELECT given IS NOT NULL AND cardinality(given) = count(*) AND bool_and(c.column_name = ANY (given))
    FROM _wh.template_columns c WHERE c.template_name = template.template_name
$$;
