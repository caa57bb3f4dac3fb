-- A reader of some tenants may use the public views, which show it those tenants alone. This table has no rows: who may read it is such
-- a reader, and the views ask for that.
CREATE TABLE _wh.limited (marker boolean CHECK (false));
COMMENT ON TABLE _wh.limited IS 'Always empty: the roles that may read it are readers of some tenants, and those alone appear to them in the public views';

-- All readers get a view of how fresh the data are.
DO $$
BEGIN
    IF pg_catalog.to_regclass('public.tenantry_freshness') IS NOT NULL
        OR EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = 'tenantry_freshness') THEN
        RAISE EXCEPTION 'public.tenantry_freshness exists already; Tenantry has a view of that name'
            USING ERRCODE = 'duplicate_table', HINT = 'Rename it, or the template that it belongs to.';
    END IF;
END
$$;
