CREATE OR REPLACE FUNCTION _wh_internal.limit_rows(root regclass, limited boolean,
    view regclass DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the row security of a table of all tenants up to date (row_limits), before the public view is: see
-- guard_view. `view` no longer reads with the rights of the querying role if row security is taken away.
-- False if operators have put row security on the table themselves. It stays, and they say who sees which
-- rows.
DECLARE
    ours boolean := _wh_internal.limits_rows(root);
    limits text[];
    statements text;
BEGIN
    IF root IS NULL THEN
        RETURN true;
    ELSIF NOT ours AND EXISTS (SELECT FROM pg_class c WHERE c.oid = root AND c.relrowsecurity) THEN
        RETURN false;
    ELSIF NOT limited AND NOT EXISTS (SELECT FROM pg_policy p
        WHERE p.polrelid = root AND p.polname LIKE E'tenantry\\_%') THEN
        -- Nearly always.
        RETURN true;
    END IF;
    limits := _wh_internal.row_limits(root, limited);
    IF limits IS NOT NULL THEN
        statements := _wh_internal.spread(_wh_internal.is_distributed(root), VARIADIC limits);
    END IF;
    IF ours AND NOT limited AND view IS NOT NULL THEN
        statements := concat_ws('; ', statements, format('ALTER VIEW %s RESET (security_invoker)', view));
    END IF;
    IF statements <> '' THEN
        PERFORM _wh_internal.execute_patiently(statements);
    END IF;
    RETURN true;
END
$$;
