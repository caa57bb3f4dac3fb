CREATE OR REPLACE FUNCTION _wh_internal.operators_rights(relations oid[])
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What is granted on relations and on their columns to roles other than their owners; see
    -- operators_things. The grantor is not kept: PostgreSQL lets nobody grant in another role's name, so the
    -- owner grants it again.
    WITH granted AS (
        SELECT c.oid AS relid, c.relowner, NULL::name AS column_name, x.*
        FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = ANY (relations)
        UNION ALL
        SELECT c.oid, c.relowner, a.attname, x.* FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            AND NOT a.attisdropped, aclexplode(a.attacl) x
        WHERE c.oid = ANY (relations)
    ), named AS (
        SELECT DISTINCT g.relid, g.column_name, g.privilege_type, g.is_grantable,
            CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END AS grantee
        FROM granted g WHERE g.grantee <> g.relowner
            AND NOT (g.grantee = 0 AND _wh_internal.limits_rows(g.relid))
    )
    SELECT n.relid,
        concat('right ', n.privilege_type, ' (' || quote_ident(n.column_name) || ')', ' of ', n.grantee),
        'rpvm', n.column_name::text,
        concat('GRANT ', n.privilege_type, ' (' || quote_ident(n.column_name) || ')', ' ON '),
        concat(' TO ', n.grantee, CASE WHEN n.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM named n
$$;
