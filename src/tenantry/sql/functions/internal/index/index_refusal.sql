CREATE OR REPLACE FUNCTION _wh_internal.index_refusal(template _wh.mv_templates) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- What is wrong with the indexes of a template that was stored by a version that did not check them; NULL if
-- nothing is wrong. A new template is refused when it is written.
BEGIN
    IF EXISTS (SELECT FROM _wh.template_indexes i WHERE i.template_name = template.template_name
        AND i.position IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM _wh_internal.parse_indexes(template);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
