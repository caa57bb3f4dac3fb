CREATE OR REPLACE FUNCTION _wh_internal.template_query(template _wh.mv_templates) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
-- The query of a template, as it may be sent to a source. Raises an error if the query was stored by a
-- version that did not check it and must not be sent.
BEGIN
    IF template.refusal IS NOT NULL THEN
        RAISE EXCEPTION 'template "%": its query is not sent to any source: %', template.template_name,
            template.refusal
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Correct it: tenantry template edit ' || template.template_name;
    END IF;
    RETURN template.query_template;
END
$$;
