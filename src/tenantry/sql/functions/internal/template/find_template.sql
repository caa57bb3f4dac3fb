CREATE OR REPLACE FUNCTION _wh_internal.find_template(wanted text) RETURNS _wh.mv_templates
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    template _wh.mv_templates;
BEGIN
    SELECT * INTO template FROM _wh.mv_templates t WHERE t.template_name = wanted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'template "%" does not exist', wanted USING ERRCODE = 'undefined_object',
            HINT = (SELECT 'Known templates: ' || coalesce(string_agg(t.template_name, ', '
            ORDER BY t.template_name), 'none') FROM _wh.mv_templates t);
    END IF;
    RETURN template;
END
$$;
