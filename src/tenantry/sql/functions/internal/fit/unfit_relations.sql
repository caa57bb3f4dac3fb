CREATE OR REPLACE FUNCTION _wh_internal.unfit_relations(feed _wh.feeds)
RETURNS TABLE (kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- What holds a feed's rows and is not as its template has it by now, in the order in which fit_relation mends
-- it. The days' own rows are another matter: see definition_hash.
DECLARE
    template _wh.mv_templates := (SELECT t FROM _wh.mv_templates t
        WHERE t.template_name = feed.template_name);
BEGIN
    -- Of a schema that the role may not use PostgreSQL tells nothing by name; another check of doctor does.
    IF template.template_name IS NOT NULL AND EXISTS (
        SELECT FROM pg_namespace n WHERE n.nspname = feed.schema_name
            AND has_schema_privilege(n.oid, 'USAGE')) THEN
        RETURN QUERY SELECT 'place', s.relname, NULL::date FROM _wh_internal.unsettled(feed) s ORDER BY 2;
        RETURN QUERY SELECT u.kind, u.relname, u.slice_date FROM _wh_internal.storage_unfit(feed, template) u;
    END IF;
END
$$;
