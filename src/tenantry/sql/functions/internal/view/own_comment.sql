CREATE OR REPLACE FUNCTION _wh_internal.own_comment(relation oid, column_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The comment that describe_view last wrote on a column, or under the empty name on the relation itself;
    -- NULL if it wrote none.
    SELECT v.comments ->> own_comment.column_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN _wh.view_comments v ON v.schema_name = n.nspname AND v.view_name = c.relname
    WHERE c.oid = relation
$$;
