CREATE OR REPLACE FUNCTION _wh_internal.revoked_grants(relation regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements that revoke from roles other than its owner the rights on a relation and its columns,
    -- including those that they granted to others; empty if there are none.
    SELECT coalesce(string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s CASCADE;', relation,
        CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END), ' '), '')
    FROM pg_class c, LATERAL (
        SELECT r.grantee FROM aclexplode(c.relacl) r
        UNION SELECT r.grantee FROM pg_attribute a, aclexplode(a.attacl) r
            WHERE a.attrelid = c.oid AND NOT a.attisdropped
    ) x
    WHERE c.oid = relation AND x.grantee <> c.relowner
$$;
