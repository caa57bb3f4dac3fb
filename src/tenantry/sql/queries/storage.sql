-- name: range_capable
-- Whether the query that a feed's source is asked can return several days at once.
SELECT _wh_internal.range_capable(_wh_internal.feed_template(f)) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_prepare
-- Make the table that a stream goes into.
SELECT _wh_internal.stream_prepare(_wh_internal.find_feed(%(template)s, %(schema)s), %(first)s::date,
    %(bulk)s)

-- name: stream_lock
-- Lock the days of a stream, and say how to describe the query, when it began and its limits.
SELECT _wh_internal.stream_lock(f, %(first)s::date, %(last)s::date, %(asked)s),
    coalesce(%(asked)s, clock_timestamp()),
    l.deadline, l.max_bytes, l.max_row_bytes
FROM _wh.feeds f LEFT JOIN _wh.tenant_connections c ON c.tenant_name = f.tenant_name
CROSS JOIN LATERAL _wh_internal.source_limits(coalesce(c.options, '{}')) l
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_begin
-- The COPY statement of a stream for the source.
SELECT b.from_source, b.strays, b.own_types FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_begin(f, %(first)s::date, %(last)s::date, %(names)s::text[],
    %(types)s::oid[]) b
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_target
-- The COPY statement of a stream for the warehouse, and what its rows are compared with.
SELECT t.into_warehouse, t.target, t.start_block, t.stored, t.replaceable, t.row_type, t.array_type,
    t.field_types::bigint[], t.field_places
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.stream_target(f, %(first)s::date, %(last)s::date,
    %(own_types)s, %(staged)s) t
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_stage
-- Make the staging table of a stream, for rows that turned out to differ.
SELECT _wh_internal.stream_stage(%(template)s)

-- name: merge_rows
-- Merge a few rows that turned out to differ, and say how many of them belong to their days.
SELECT _wh_internal.merge_rows(f, %(first)s::date, %(last)s::date, %(came)s, %(vanished)s::text[]::tid[])
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_end
-- Put the rows of a stream in place, and count them by day.
SELECT e.slice_date, e.row_count FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_end(f, %(first)s::date, %(last)s::date, %(target)s, %(start_block)s,
    %(copied)s, %(started)s, %(digests)s, %(vanished)s::text[]::tid[]) e
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: unindexed
-- Tables of a feed whose indexes are still to be made.
SELECT u.relid, u.relid::oid::regclass::text
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.unindexed_tables(f) u
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 2

-- name: missing_indexes
-- The statements that make a table's missing indexes. Those that sort texts take longest and come first, so
-- that sessions which share the work end at about the same time.
SELECT d.statement FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.index_difference(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND d.former IS NULL
ORDER BY NOT EXISTS (SELECT FROM _wh.template_columns c JOIN pg_type t ON t.oid = to_regtype(c.data_type)
    WHERE c.template_name = f.template_name AND t.typcollation <> 0
    AND d.statement ~ format('[(, ]%%s[), ]', regexp_replace(quote_ident(c.column_name), '\W', '.', 'g')))

-- name: index_begin
-- Hold a table to make its indexes; false if somebody else has made them meanwhile.
SELECT _wh_internal.index_begin(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: index_end
-- Note that a table has its indexes.
SELECT _wh_internal.index_end(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: doubled
-- Days with rows that a unique index forbids, and the error.
SELECT d.slice_date, d.error FROM _wh.feeds f CROSS
    JOIN LATERAL _wh_internal.doubled_days(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: move_plan
-- The tenants that a move takes along.
SELECT _wh_internal.move_plan(%(template)s, %(storage)s, %(schema)s)

-- name: move_step
-- Do the next step of a move, and return its state.
SELECT _wh_internal.move_step(%(template)s, %(schema)s, %(storage)s, %(state)s)

-- name: drop_old
-- Drop some of what a move put aside, and say how many relations that were.
SELECT _wh_internal.drop_old(%(template)s, %(schema)s, %(most)s)

-- name: room
-- The lock table, how many reports readers of everything may run at once, who alone can change the server's
-- settings, and a storage that keeps many days in one relation.
WITH limits AS (
    SELECT current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0) AS server,
        (SELECT nullif(d.datconnlimit, -1) FROM pg_database d
            WHERE d.datname = current_database()) AS database,
        -- One reader without a limit may use all connections.
        (SELECT CASE WHEN min(r.rolconnlimit) >= 0 THEN sum(r.rolconnlimit) END FROM pg_roles r
            WHERE r.rolname = 'phood_ro' OR r.rolname IN (SELECT w.reader_name FROM _wh.readers w
                WHERE w.tenants IS NULL)) AS readers
)
SELECT current_setting('max_locks_per_transaction')::integer,
    -- PostgreSQL counts autovacuum and its launcher, workers and WAL senders among the sessions.
    current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer
        + coalesce(current_setting('autovacuum_worker_slots', true),
            current_setting('autovacuum_max_workers'))::integer
        + current_setting('max_worker_processes')::integer + current_setting('max_wal_senders')::integer + 1,
    greatest(least(l.server, l.database, l.readers), 1)::integer,
    (SELECT min(p.says) FROM pg_roles r JOIN (VALUES
        ('rds_superuser', 'the parameter group of the RDS instance'),
        ('cloudsqlsuperuser', 'the database flags of the Cloud SQL instance'),
        ('azure_pg_admin', 'the server parameters of the Azure server')) p (role, says)
        ON p.role = r.rolname),
    ARRAY(SELECT s.storage FROM _wh.storages s WHERE s.daily),
    (SELECT min(s.storage) FROM _wh.storages s WHERE NOT s.daily AND NOT s.shared),
    ARRAY(SELECT s.storage FROM _wh.storages s WHERE s.shared ORDER BY s.distributed, s.storage),
    current_setting('server_version_num')::integer >= 180000
FROM limits l

-- name: timed_templates
-- Templates whose days can be kept together, since a column tells a row's time.
SELECT t.template_name FROM _wh.mv_templates t WHERE t.time_column IS NOT NULL

-- name: readings
-- What reports over some templates lock: the view and what unites the tenants, each tenant's view or table,
-- and each relation of rows with its indexes.
WITH parts AS MATERIALIZED (
    SELECT f.template_name, f.schema_name, f.first_day, s.daily, s.shared,
        (SELECT 1 + count(*) + coalesce(sum(i.indexes), 0) FROM _wh_internal.storage_relations(f) p
            CROSS JOIN LATERAL (SELECT count(*) AS indexes FROM pg_index i
                WHERE i.indrelid = p.relid) i) AS relations
    FROM _wh.feeds f JOIN _wh.storages s USING (storage)
    WHERE f.template_name = ANY (%(templates)s) AND f.schema_name IS DISTINCT FROM %(without)s
)
-- Tenants that share tables lock them once.
SELECT t.template_name, 2 + coalesce(sum(p.relations) FILTER (WHERE NOT p.shared), 0)::bigint
    + coalesce(max(p.relations - 1) FILTER (WHERE p.shared), 0)::bigint, coalesce(bool_or(p.daily), false),
    (SELECT count(*) FROM _wh.template_indexes x
        WHERE x.template_name = t.template_name AND x.position IS NOT NULL),
    t.partition_by, t.time_column IS NOT NULL, min(p.first_day), count(p.schema_name)
FROM _wh.mv_templates t LEFT JOIN parts p USING (template_name)
WHERE t.template_name = ANY (%(templates)s)
GROUP BY t.template_name, t.partition_by, t.time_column ORDER BY t.template_name

-- name: is_coordinator
-- Whether this node of a Citus cluster is its coordinator.
SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_local_group WHERE groupid = 0)

-- name: cluster_patience
-- How long the other nodes of a cluster may take to answer, in this transaction.
SELECT pg_catalog.set_config('statement_timeout', %(patience)s, true)

-- name: node_facts
-- The nodes of the cluster, the coordinator first, and what each answers.
SELECT host, port, role, active, holds_shards, facts, error FROM _wh_internal.node_facts()

-- name: node_load
-- What each node of the cluster holds.
SELECT host, port, placements, inactive, bytes::bigint, tenants, row_count::bigint
FROM _wh_internal.node_load()

-- name: shard_count
-- How many shards the tables of the cluster have.
SELECT count(*) FROM pg_catalog.pg_dist_shard

-- name: shard_moves
-- What a rebalance of the cluster would move.
SELECT m.table_name, m.shard, m.bytes, m.from_host || ':' || m.from_port, m.to_host || ':' || m.to_port
FROM _wh_internal.shard_moves() m

-- name: rebalance_start
-- Move shards in the background.
SELECT pg_catalog.citus_rebalance_start(shard_transfer_mode := 'block_writes')

-- name: rebalance
-- The last rebalance, or the one with this number: its state and its moves.
SELECT j.job_id, j.state::text, count(t.task_id), count(t.task_id) FILTER (WHERE t.status = 'done'),
    j.started_at, j.finished_at,
    (array_agg(t.message ORDER BY t.task_id) FILTER (WHERE t.message <> '' AND t.status <> 'done'))[1]
FROM pg_catalog.pg_dist_background_job j
LEFT JOIN pg_catalog.pg_dist_background_task t ON t.job_id = j.job_id
WHERE j.job_type = 'rebalance' AND j.job_id = coalesce(%(job)s, j.job_id)
GROUP BY j.job_id ORDER BY j.job_id DESC LIMIT 1

-- name: roles_of_cluster
-- The roles that a worker needs: whadmin, the readers, and whoever has rights on distributed tables; with
-- password, attributes, comment, settings, and those of these roles that they are members of. whadmin's
-- records of its readers prove nothing, so their roles must bear the mark.
WITH wanted AS MATERIALIZED (
    SELECT r.oid FROM pg_catalog.pg_roles r WHERE NOT r.rolsuper AND (r.rolname IN ('whadmin', 'phood_ro')
        OR r.rolname = ANY (%(readers)s) AND shobj_description(r.oid, 'pg_authid') = %(mark)s
        OR r.oid IN (SELECT x.grantee FROM pg_catalog.pg_dist_partition p
            JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid CROSS JOIN LATERAL aclexplode(c.relacl) x))
)
SELECT a.rolname::text, a.rolpassword, a.rolcanlogin, a.rolinherit, a.rolconnlimit, a.rolvaliduntil::text,
    shobj_description(a.oid, 'pg_authid'),
    ARRAY(SELECT c FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c
        WHERE s.setrole = a.oid AND s.setdatabase = 0 ORDER BY c),
    ARRAY(SELECT m.roleid::regrole::name::text FROM pg_catalog.pg_auth_members m
        WHERE m.member = a.oid AND m.roleid IN (SELECT w.oid FROM wanted w) ORDER BY 1)
FROM pg_catalog.pg_authid a WHERE a.oid IN (SELECT w.oid FROM wanted w) ORDER BY a.rolname

-- name: versions
-- The versions of this node, and the question for those of another.
SELECT jsonb_build_object('citus', (SELECT e.extversion FROM pg_catalog.pg_extension e
        WHERE e.extname = 'citus'), 'major', current_setting('server_version_num')::integer / 10000),
    'SELECT pg_catalog.jsonb_build_object(''citus'', (SELECT e.extversion FROM pg_catalog.pg_extension e '
    'WHERE e.extname = ''citus''), ''major'', '
    'pg_catalog.current_setting(''server_version_num'')::integer / 10000)'

-- name: ask_node
-- Let a server carry out a command, as this session's role; it does not have to be a node yet.
SELECT a.success, a.result FROM pg_catalog.master_run_on_worker(ARRAY[%(host)s::text],
    ARRAY[%(port)s::integer], ARRAY[%(command)s::text], true) a

-- name: known_node
-- Whether a node of the cluster is active; no row if there is none at this address.
SELECT n.isactive FROM pg_catalog.pg_dist_node n WHERE n.nodename = %(host)s AND n.nodeport = %(port)s

-- name: add_node
-- Take a worker into the cluster.
SELECT pg_catalog.citus_add_node(%(host)s::text, %(port)s::integer)

-- name: activate_node
-- Make a node of the cluster active.
SELECT pg_catalog.citus_activate_node(%(host)s::text, %(port)s::integer)

-- name: has_distributed
-- Whether any table of the warehouse is distributed.
SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
    WHERE c.relnamespace = to_regnamespace('_wh_data'))

-- name: open_nodes
-- Let readers use the schema of the shards on all nodes.
SELECT _wh_internal.open_nodes()

-- name: moving
-- What a rebalance moves at this moment. Citus asks the nodes for it, as this session's role.
SELECT format('%%s from %%s:%%s to %%s:%%s', p.table_name, p.sourcename, p.sourceport, p.targetname,
    p.targetport) FROM pg_catalog.get_rebalance_progress() p WHERE p.progress = 1 LIMIT 1
