CREATE OR REPLACE FUNCTION _wh_internal.view_descriptions(template _wh.mv_templates) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The comments that a template's views should have, in the form of view_comments. A description may be
    -- older than its checks.
    SELECT jsonb_strip_nulls(jsonb_build_object('',
            left(_wh_internal.visible(nullif(template.description, '')), 1000)))
        || coalesce(template.column_descriptions, '{}')
$$;
