CREATE OR REPLACE FUNCTION _wh_internal.unfit_plan(template_name text, target_schema text DEFAULT NULL)
    RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The rows of unfit_relations for one tenant, or for all, in the order in which they are mended.
BEGIN
    PERFORM _wh_internal.find_template(template_name);
    IF target_schema IS NOT NULL THEN
        PERFORM _wh_internal.find_feed(template_name, target_schema);
    END IF;
    RETURN (SELECT coalesce(jsonb_agg(to_jsonb(u) || jsonb_build_object('schema_name', f.schema_name)
        ORDER BY f.schema_name, u.n), '[]')
        FROM _wh.feeds f
        CROSS JOIN LATERAL ROWS
            FROM (_wh_internal.unfit_relations(f)) WITH ORDINALITY u (kind, relname, slice_date, n)
        WHERE f.template_name = unfit_plan.template_name
            AND f.schema_name = coalesce(target_schema, f.schema_name));
END
$$;
