CREATE OR REPLACE FUNCTION _wh_internal.feeds_read(view regclass, template _wh.mv_templates) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The relations that a public view reads of tenants that have the template. It no longer reads those of
    -- tenants that were taken out.
    SELECT ARRAY(SELECT r.oid FROM unnest(_wh_internal.view_reads(view)) AS r (oid) JOIN pg_class c
        USING (oid)
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN _wh.feeds f ON f.schema_name = n.nspname
            AND f.template_name = template.template_name)
$$;
