CREATE OR REPLACE FUNCTION _wh_internal.unfit_relations(feed _wh.feeds)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The relations of a feed that differ from its current template, in the order in which fit_relation mends
-- them. The rows of the days are another matter: see definition_hash.
DECLARE
    template _wh.mv_templates := (SELECT _wh_internal.for_tenant(t, feed.schema_name)
        FROM _wh.mv_templates t WHERE t.template_name = feed.template_name);
BEGIN
    -- PostgreSQL resolves no names in a schema that the role may not use; another check of doctor reports
    -- that.
    IF template.template_name IS NOT NULL AND EXISTS (
        SELECT FROM pg_namespace n WHERE n.nspname = feed.schema_name
            AND has_schema_privilege(n.oid, 'USAGE')) THEN
        RETURN QUERY SELECT 'place', s.relname, NULL::date FROM _wh_internal.unsettled(feed) s ORDER BY 2;
        RETURN QUERY SELECT u.kind, u.relname, u.slice_date FROM _wh_internal.storage_unfit(feed, template) u;
    END IF;
END
$$;
