CREATE OR REPLACE FUNCTION _wh_internal.saved_grants(relation regclass, target text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that grant again, on the relation or another one (`target`, quoted), what is granted on a relation to
    -- others than its owner; empty if nothing is.
    SELECT coalesce(string_agg(format('GRANT %s ON %s TO %s;', x.privilege_type, coalesce(target, relation::text),
        CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END), ' '), '')
    FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = relation AND x.grantee <> c.relowner
$$;
