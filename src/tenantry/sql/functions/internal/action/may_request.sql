CREATE OR REPLACE FUNCTION _wh_internal.may_request(who text, kind text, arguments jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Whether a role may ask for an action: members of whadmin for all, operators for what they may do
-- themselves.
    SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = who AND (
        pg_has_role(r.oid, 'whadmin', 'MEMBER')
        OR kind <> ALL ('{run_job,fix}') AND NOT arguments ? 'outdated'
            AND EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'tenantry_operator'
                AND pg_has_role(r.oid, g.oid, 'MEMBER'))))
$$;
