CREATE OR REPLACE FUNCTION _wh_internal.move_plan(template_name text, storage text,
    target_schema text DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The tenants to move: one, or all; if all, the template's new tenants begin in that storage, too.
DECLARE
    template _wh.mv_templates;
BEGIN
    PERFORM _wh_internal.storage_traits(storage);
    IF EXISTS (SELECT FROM _wh.feeds f WHERE f.template_name = move_plan.template_name)
        AND NOT EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = move_plan.template_name) THEN
        RAISE EXCEPTION '"%" has no template: slices of a create function of your own cannot be moved',
            template_name USING ERRCODE = 'undefined_object';
    END IF;
    template := _wh_internal.find_template(move_plan.template_name);
    IF template.time_column IS NULL THEN
        RAISE EXCEPTION 'template "%" names no time_column, which a move needs to tell days apart',
            template.template_name
            USING ERRCODE = 'invalid_parameter_value',
                HINT = format('UPDATE _wh.mv_templates SET time_column = ... WHERE template_name = %L',
                template.template_name);
    END IF;
    IF target_schema IS NOT NULL THEN
        RETURN ARRAY[(_wh_internal.find_feed(template.template_name, target_schema)).schema_name];
    END IF;
    PERFORM _wh_internal.storage_set(template.template_name, NULL, storage);
    RETURN ARRAY(SELECT f.schema_name FROM _wh.feeds f WHERE f.template_name = template.template_name
        ORDER BY 1);
END
$$;
