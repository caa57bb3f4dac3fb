CREATE OR REPLACE FUNCTION _wh_internal.shard_moves()
RETURNS TABLE (table_name text, shard bigint, bytes bigint, from_host text, from_port integer, to_host text,
    to_port integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The shards that Citus would move to even out its cluster, each with those of partitions that go with it.
-- All nodes must answer.
BEGIN
    PERFORM set_config('citus.node_connection_timeout', '5s', true);
    -- The plan itself knows no sizes of shards that nothing has measured.
    RETURN QUERY EXECUTE $q$
        SELECT m.table_name::text, m.shardid, coalesce(s.size, m.shard_size), m.sourcename, m.sourceport,
            m.targetname, m.targetport
        FROM pg_catalog.get_rebalance_table_shards_plan() m LEFT JOIN (
            SELECT z.shard_id, max(z.size) AS size FROM pg_catalog.citus_shard_sizes() z GROUP BY z.shard_id
        ) s ON s.shard_id = m.shardid$q$;
END
$$;
