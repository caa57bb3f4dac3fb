CREATE OR REPLACE FUNCTION _wh_internal.render_indexes(template _wh.mv_templates, schema_name text,
    view_name text, relation_name text DEFAULT NULL, place text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The index statements of a template for one relation, as one text. If a template's indexes were stored by a
-- version that did not check them, and cannot be read, this raises an error that says what is wrong with
-- them.
DECLARE
    statements text := (SELECT string_agg(s.statement, E';\n')
        FROM _wh_internal.index_statements(template.template_name, schema_name, view_name, relation_name,
        place) s);
BEGIN
    IF statements IS NULL AND template.indexes <> '' THEN
        PERFORM _wh_internal.parse_indexes(template);
    END IF;
    RETURN coalesce(statements, '');
END
$$;
