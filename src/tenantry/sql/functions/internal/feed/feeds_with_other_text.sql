CREATE OR REPLACE FUNCTION _wh_internal.feeds_with_other_text(template _wh.mv_templates)
RETURNS SETOF _wh.feeds
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The template's feeds with a record of a day that was loaded by another text of it. Only their days can
    -- be outdated: day_states, which decides, takes milliseconds a feed, and there may be thousands.
    SELECT f.* FROM _wh.feeds f
    CROSS JOIN LATERAL (
        SELECT _wh_internal.definition_hash(_wh_internal.for_tenant(template, f.schema_name)) AS hash OFFSET 0
    ) h
    WHERE f.template_name = template.template_name AND EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name
            AND s.loaded_at IS NOT NULL AND s.definition_hash <> h.hash)
$$;
