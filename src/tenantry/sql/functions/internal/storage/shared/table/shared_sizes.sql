CREATE OR REPLACE FUNCTION _wh_internal.shared_sizes()
    RETURNS TABLE (schema_name text, template_name text, relations bigint, data bigint, indexes bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The bytes of the tables that tenants share, for each feed by its part of their rows on record.
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH leaves AS MATERIALIZED (
        SELECT t.template_name, s.storage, l.relid, pg_relation_filenode(l.relid) AS filenode,
            _wh_internal.shared_size(l.relid, 'table', s.distributed) AS data,
            _wh_internal.shared_size(l.relid, 'total', s.distributed) AS total
        FROM _wh.mv_templates t JOIN _wh.storages s ON s.shared
        CROSS JOIN LATERAL _wh_internal.shared_leaves(t.template_name, s.storage) l
    ), parts AS MATERIALIZED (
        SELECT x.schema_name, x.template_name, x.filenode, sum(x.row_count) AS "rows"
        FROM _wh.slices x JOIN leaves l ON l.filenode = x.filenode AND l.template_name = x.template_name
        WHERE x.row_count > 0 GROUP BY x.schema_name, x.template_name, x.filenode
    ), whole AS (
        SELECT p.template_name, p.filenode, sum(p."rows") AS "rows" FROM parts p
        GROUP BY p.template_name, p.filenode
    )
    SELECT p.schema_name, p.template_name, count(*), sum(l.data * p."rows" / w."rows")::bigint,
        sum((l.total - l.data) * p."rows" / w."rows")::bigint
    FROM parts p JOIN whole w ON w.template_name = p.template_name AND w.filenode = p.filenode
    JOIN leaves l ON l.template_name = p.template_name AND l.filenode = p.filenode
    GROUP BY p.schema_name, p.template_name;
END
$$;
