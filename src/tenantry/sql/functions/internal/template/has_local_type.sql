CREATE OR REPLACE FUNCTION _wh_internal.has_local_type(types oid[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether the values of one of these types of PostgreSQL's own, or of an array of it, have a meaning in
    -- one database only: numbers of its objects, transactions and rows. The types are listed by name, because
    -- some exist only in newer versions. A whole row may contain anything.
    SELECT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
        WHERE t.oid = ANY (types) AND (t.typrelid <> 0 OR coalesce(e.typname, t.typname) LIKE 'reg%'
            OR coalesce(e.typname, t.typname) IN ('oid', 'xid', 'xid8', 'cid', 'tid', 'aclitem', 'refcursor',
            'pg_snapshot', 'txid_snapshot', 'record')))
$$;
