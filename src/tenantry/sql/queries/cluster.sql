-- name: present
-- Whether this database is one of a Citus cluster. Only superusers create functions in pg_catalog.
SELECT pg_catalog.to_regproc('pg_catalog.create_distributed_table') IS NOT NULL

-- name: propagate
-- From now on, Citus carries out statements about roles and tables on all nodes (on), or here alone (off).
SELECT pg_catalog.set_config('citus.enable_ddl_propagation', %(value)s, false)

-- name: nodes
-- The nodes of the cluster: address, whether it is the coordinator, whether it may hold shards, the shards and
-- bytes it holds of Tenantry's tables.
SELECT n.nodename::text, n.nodeport::integer, n.groupid = 0, n.isactive, n.shouldhaveshards,
    count(DISTINCT s.shardid), coalesce(sum(s.shard_size), 0)::bigint
FROM pg_catalog.pg_dist_node n
LEFT JOIN pg_catalog.citus_shards s ON s.nodename = n.nodename AND s.nodeport = n.nodeport
    AND s.table_name IN (SELECT c.oid::regclass FROM pg_catalog.pg_class c
        WHERE c.relnamespace = pg_catalog.to_regnamespace('_wh_data'))
WHERE n.noderole = 'primary'
GROUP BY n.nodename, n.nodeport, n.groupid, n.isactive, n.shouldhaveshards ORDER BY n.groupid <> 0, 1, 2

-- name: versions
-- The versions of Citus and PostgreSQL on each node that answers; NULL for one that does not.
SELECT r.nodename::text, r.nodeport::integer, r.success, CASE WHEN r.success THEN r.result END
FROM pg_catalog.run_command_on_all_nodes($$SELECT concat_ws('|', (SELECT e.extversion FROM pg_catalog.pg_extension e
    WHERE e.extname = 'citus'), pg_catalog.current_setting('server_version'))$$) o
JOIN pg_catalog.pg_dist_node n ON n.nodeid = o.nodeid
CROSS JOIN LATERAL (SELECT n.nodename, n.nodeport, o.success, o.result) r
ORDER BY 1, 2

-- name: tables
-- The distributed tables: the template's table, its shards, and the rows that the planner expects.
SELECT p.logicalrelid::text, (SELECT count(*) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid)
FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
WHERE c.relnamespace = pg_catalog.to_regnamespace('_wh_data') AND c.relkind = 'p' ORDER BY 1

-- name: add_worker
-- Add a node, and let readers read the shards that it will hold.
SELECT pg_catalog.citus_add_node(%(host)s, %(port)s)

-- name: open_nodes
-- Let readers read shards on all nodes, where row security says which rows they see.
SELECT _wh_internal.open_nodes()

-- name: rebalance
-- Begin to spread the shards evenly over the nodes. The number of the background job; NULL if nothing is to be
-- moved.
SELECT pg_catalog.citus_rebalance_start()

-- name: rebalancing
-- The running rebalance: its state, and how many of its moves are done.
SELECT j.state::text, count(t.task_id) FILTER (WHERE t.status = 'done'), count(t.task_id)
FROM pg_catalog.pg_dist_background_job j LEFT JOIN pg_catalog.pg_dist_background_task t USING (job_id)
WHERE j.job_id = %(job)s GROUP BY j.state
