CREATE OR REPLACE FUNCTION _wh_internal.guard_view(view regclass) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A view reads with its owner's rights, and row security does not apply to the owner. If somebody has
-- enabled row security on what it reads, make it read with the rights of the querying role; true if that had
-- to change.
BEGIN
    IF _wh_internal.lacks_barrier(view) THEN
        PERFORM _wh_internal.execute_patiently(format('ALTER VIEW %s SET (security_barrier = true)', view));
    END IF;
    -- Tenantry's own row security is on tables of all tenants. A tenant's view shows one tenant of such a
    -- table, and a public view that reads other tables as well exists only while no reader is limited.
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = ANY (_wh_internal.view_reads(view))
            AND c.relrowsecurity AND NOT (_wh_internal.limits_rows(c.oid) AND (
            (SELECT v.relnamespace <> 'public'::regnamespace FROM pg_class v WHERE v.oid = view)
            OR EXISTS (SELECT FROM pg_class o WHERE o.oid = ANY (_wh_internal.view_reads(view))
                AND o.relnamespace = to_regnamespace('_wh_data') AND NOT o.relrowsecurity))))
        OR EXISTS (SELECT FROM pg_class c, pg_options_to_table(c.reloptions) o WHERE c.oid = view
            AND o.option_name = 'security_invoker') THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.execute_patiently(format('ALTER VIEW %s SET (security_invoker = true)', view));
    RETURN true;
END
$$;
