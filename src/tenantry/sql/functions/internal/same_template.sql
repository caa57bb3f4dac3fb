CREATE OR REPLACE FUNCTION _wh_internal.same_template(feed _wh.feeds, template _wh.mv_templates, first_day date, last_day date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether days that are there were all loaded by the template as it is now.
    SELECT coalesce(bool_and(s.definition_hash IS NOT DISTINCT FROM _wh_internal.definition_hash(template)), false)
    FROM _wh.slices s WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
        AND s.slice_date BETWEEN first_day AND last_day AND s.loaded_at IS NOT NULL
$$;
