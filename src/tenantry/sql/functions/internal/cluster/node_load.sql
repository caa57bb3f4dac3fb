CREATE OR REPLACE FUNCTION _wh_internal.node_load()
RETURNS TABLE (host text, port integer, placements bigint, inactive bigint, bytes numeric, tenants bigint,
    row_count numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- What each node of the Citus cluster holds: placements of shards, those of them that are not active, their
-- bytes with indexes, and the tenants in distributed storage with their rows on record. A node that does not
-- answer has no bytes.
BEGIN
    PERFORM set_config('citus.node_connection_timeout', '5s', true);
    RETURN QUERY EXECUTE $q$
        WITH sizes AS MATERIALIZED (
            SELECT s.shard_id, max(s.size) AS size FROM pg_catalog.citus_shard_sizes() s GROUP BY s.shard_id
        ), held AS (
            SELECT p.groupid, count(*) AS placements, count(*) FILTER (WHERE p.shardstate <> 1) AS inactive,
                sum(s.size) AS bytes
            FROM pg_catalog.pg_dist_placement p LEFT JOIN sizes s ON s.shard_id = p.shardid GROUP BY p.groupid
        ), feeds AS MATERIALIZED (
            SELECT f.schema_name, pg_catalog.get_shard_id_for_distribution_column(r.root::regclass,
                f.schema_name) AS shard, (SELECT sum(s.row_count) FROM _wh.slices s
                    WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name) AS row_count
            FROM _wh.feeds f JOIN _wh.storages k USING (storage)
            JOIN _wh.mv_templates t ON t.template_name = f.template_name
            CROSS JOIN LATERAL _wh_internal.storage_root(t, f.storage) r (root)
            WHERE k.distributed
                AND EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = r.root)
        ), kept AS (
            SELECT p.groupid, count(DISTINCT f.schema_name) AS tenants, sum(f.row_count) AS row_count
            FROM feeds f JOIN pg_catalog.pg_dist_placement p ON p.shardid = f.shard GROUP BY p.groupid
        )
        SELECT n.nodename, n.nodeport, coalesce(h.placements, 0), coalesce(h.inactive, 0),
            CASE WHEN h.placements IS NULL THEN 0 ELSE h.bytes END, coalesce(k.tenants, 0),
            coalesce(k.row_count, 0)
        FROM pg_catalog.pg_dist_node n LEFT JOIN held h ON h.groupid = n.groupid
        LEFT JOIN kept k ON k.groupid = n.groupid WHERE n.noderole = 'primary'$q$;
END
$$;
