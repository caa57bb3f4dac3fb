CREATE OR REPLACE FUNCTION _wh_internal.node_facts()
RETURNS TABLE (host text, port integer, role text, active boolean, holds_shards boolean, facts jsonb,
    error text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The nodes of the Citus cluster, the coordinator first, each with its versions and those of the warehouse's
-- logins that exist there (`facts`), or the reason why it does not answer. Auditors may call it, too: only
-- whadmin logs in at the other nodes.
DECLARE
    asked text := format('SELECT pg_catalog.jsonb_build_object(''postgres'', '
        'pg_catalog.current_setting(''server_version''), ''citus'', (SELECT e.extversion '
        'FROM pg_catalog.pg_extension e WHERE e.extname = ''citus''), ''logins'', (SELECT '
        'coalesce(pg_catalog.jsonb_agg(r.rolname ORDER BY r.rolname), ''[]'') FROM pg_catalog.pg_roles r '
        'WHERE r.rolname = ANY (%L::name[])))', _wh_internal.cluster_logins());
    here jsonb;
BEGIN
    -- A node that is down should not be waited for as long as a load would.
    PERFORM set_config('citus.node_connection_timeout', '5s', true);
    EXECUTE asked INTO here;
    RETURN QUERY EXECUTE $q$
        WITH nodes AS MATERIALIZED (
            SELECT n.nodename, n.nodeport, n.groupid = 0 AS first, n.noderole::text AS role, n.isactive,
                n.shouldhaveshards
            FROM pg_catalog.pg_dist_node n
            UNION ALL SELECT 'localhost', current_setting('port')::integer, true, 'primary', true, false
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_node n WHERE n.groupid = 0)
        ), others AS (
            SELECT array_agg(n.nodename) AS names, array_agg(n.nodeport) AS ports, array_agg($1) AS commands
            FROM nodes n WHERE NOT n.first HAVING count(*) > 0
        ), answers AS MATERIALIZED (
            SELECT a.node_name, a.node_port, a.success, a.result FROM others o
            CROSS JOIN LATERAL pg_catalog.master_run_on_worker(o.names, o.ports, o.commands, true) a
        )
        SELECT n.nodename, n.nodeport, CASE WHEN n.first THEN 'coordinator' WHEN n.role = 'primary'
                THEN 'worker' ELSE n.role END, n.isactive, n.shouldhaveshards,
            CASE WHEN n.first THEN $2 WHEN a.success THEN a.result::jsonb END,
            CASE WHEN NOT n.first AND a.success IS NOT TRUE THEN coalesce(a.result, 'it does not answer') END
        FROM nodes n LEFT JOIN answers a ON a.node_name = n.nodename AND a.node_port = n.nodeport
        ORDER BY NOT n.first, n.nodename, n.nodeport$q$ USING asked, here;
END
$$;
