CREATE OR REPLACE FUNCTION _wh_internal.for_tenant(template _wh.mv_templates, schema_name text)
    RETURNS _wh.mv_templates
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- A template as it is for one tenant: with the tenant's own query, if there is one. This is the only place
-- that reads these queries for a load; their days carry another definition_hash.
DECLARE
    own text := (SELECT o.query_template FROM _wh.template_overrides o
        WHERE o.template_name = template.template_name AND o.schema_name = for_tenant.schema_name);
BEGIN
    IF own IS NOT NULL THEN
        template.query_template := own;
        template.refusal := NULL;
    END IF;
    RETURN template;
END
$$;
