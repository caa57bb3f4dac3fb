CREATE OR REPLACE FUNCTION _wh_internal.forget_tenant() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the row security of all tables of all tenants up to date, after a reader has lost a tenant.
DECLARE
    root regclass;
BEGIN
    FOR root IN SELECT p.polrelid FROM pg_policy p WHERE p.polname = 'tenantry_all' ORDER BY p.polrelid LOOP
        PERFORM _wh_internal.limit_rows(root, true);
    END LOOP;
END
$$;
