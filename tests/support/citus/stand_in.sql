-- What Tenantry uses of Citus, on one plain server, and what Citus refuses. Every name is one of Citus's. Tables stay where they are, so
-- this shows that statements are such as Citus carries out, and not that other nodes do.
SET LOCAL client_min_messages = 'warning';
SET allow_system_table_mods = on;
SET check_function_bodies = off;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partkey text NOT NULL);
CREATE TABLE pg_catalog.pg_dist_node (nodeid integer, groupid integer, nodename text, nodeport integer, noderole text DEFAULT 'primary',
    isactive boolean DEFAULT true, shouldhaveshards boolean DEFAULT true);
INSERT INTO pg_catalog.pg_dist_node (nodeid, groupid, nodename, nodeport, shouldhaveshards) VALUES
    (1, 0, 'localhost', 5432, false), (2, 1, 'localhost', 9701, true), (3, 2, 'localhost', 9702, true);
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.pg_dist_node TO PUBLIC;
-- Nodes ask each other for their versions of it.
INSERT INTO pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    SELECT max(e.oid::bigint) + 1, 'citus', 10, 'pg_catalog'::regnamespace, false, '13.0-1' FROM pg_catalog.pg_extension e;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = table_name) THEN
        RAISE EXCEPTION 'table % is already distributed', table_name;
    ELSIF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = table_name AND a.attname = distribution_column AND a.attnotnull) THEN
        RAISE EXCEPTION 'column "%" of table % cannot be its distribution column', distribution_column, table_name;
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, distribution_column);
    PERFORM pg_catalog.citus_stand_in_check(), pg_catalog.citus_stand_in_place();
END
$$;

CREATE FUNCTION pg_catalog.citus_total_relation_size(relation regclass, fail_on_error boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.citus_stand_in_servers s JOIN pg_catalog.pg_dist_node n ON n.nodeport = s.port WHERE NOT s.answers) THEN
        IF NOT fail_on_error THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = 'connection_failure';
    END IF;
    RETURN pg_catalog.pg_total_relation_size(relation);
END
$$;
CREATE FUNCTION pg_catalog.citus_table_size(relation regclass) RETURNS bigint LANGUAGE sql AS
    'SELECT pg_catalog.pg_table_size(relation) FROM pg_catalog.citus_total_relation_size(relation)';

CREATE TABLE pg_catalog.pg_dist_local_group (groupid integer PRIMARY KEY);
INSERT INTO pg_catalog.pg_dist_local_group VALUES (0);
CREATE TABLE pg_catalog.pg_dist_shard (shardid bigserial PRIMARY KEY, logicalrelid oid NOT NULL, number integer NOT NULL);
CREATE TABLE pg_catalog.pg_dist_placement (shardid bigint PRIMARY KEY, shardstate integer DEFAULT 1, groupid integer NOT NULL);
CREATE TABLE pg_catalog.pg_dist_background_job (job_id bigserial PRIMARY KEY, state text DEFAULT 'scheduled', job_type name DEFAULT 'rebalance',
    started_at timestamptz, finished_at timestamptz);
CREATE TABLE pg_catalog.pg_dist_background_task (task_id bigserial PRIMARY KEY, job_id bigint NOT NULL, status text DEFAULT 'runnable',
    message text DEFAULT '');
-- The servers that there are, as a test wants them: whether each answers, its versions, whether its disk is full, the roles that it lacks,
-- those that it does not let in, and the settings of roles that were created there. Here, all nodes have the roles of the one server, except where they are said to lack them.
CREATE TABLE pg_catalog.citus_stand_in_servers (port integer PRIMARY KEY, answers boolean DEFAULT true, postgres text, citus text,
    major integer, full_disk boolean DEFAULT false, lacks text[] DEFAULT '{}', refuses text[] DEFAULT '{}', settings text[] DEFAULT '{}');
INSERT INTO pg_catalog.citus_stand_in_servers (port) VALUES (5432), (9701), (9702), (9703);
GRANT SELECT ON pg_catalog.pg_dist_local_group, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement, pg_catalog.pg_dist_background_job,
    pg_catalog.pg_dist_background_task, pg_catalog.citus_stand_in_servers TO PUBLIC;

-- Four shards of each distributed table and of each of its partitions, the same number of all of them on the same node.
CREATE FUNCTION pg_catalog.citus_stand_in_place() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    WITH fresh AS (
        INSERT INTO pg_dist_shard (logicalrelid, number) SELECT t.relid, n FROM citus_stand_in_trees() t CROSS JOIN generate_series(0, 3) n
        WHERE NOT EXISTS (SELECT FROM pg_dist_shard s WHERE s.logicalrelid = t.relid)
        RETURNING shardid, logicalrelid, number
    ), holders AS (
        SELECT n.groupid, row_number() OVER (ORDER BY n.groupid) - 1 AS place, count(*) OVER () AS nodes FROM pg_dist_node n
        WHERE n.shouldhaveshards AND n.isactive
    )
    INSERT INTO pg_dist_placement (shardid, groupid) SELECT f.shardid, coalesce((SELECT p.groupid FROM citus_stand_in_trees() t
            JOIN pg_dist_shard s ON s.logicalrelid = t.root AND s.number = f.number JOIN pg_dist_placement p ON p.shardid = s.shardid
            WHERE t.relid = f.logicalrelid), h.groupid)
        FROM fresh f JOIN holders h ON h.place = f.number % h.nodes;
END
$$;

CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass, distribution_value text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT s.shardid FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = table_name
    AND s.number = pg_catalog.abs(pg_catalog.hashtext(distribution_value)) % 4
$$;

CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id integer, OUT size bigint) RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT s.shardid, pg_catalog.pg_total_relation_size(s.logicalrelid) / 4 FROM pg_catalog.pg_dist_shard s
    JOIN pg_catalog.pg_dist_placement p USING (shardid) JOIN pg_catalog.pg_dist_node n USING (groupid)
    JOIN pg_catalog.citus_stand_in_servers v ON v.port = n.nodeport WHERE v.answers
$$;

-- Carries out what only reads, on the one server, as the node's answer; the caller logs in at the node under its own name.
CREATE FUNCTION pg_catalog.master_run_on_worker(worker_name text[], port integer[], command text[], parallel boolean,
    OUT node_name text, OUT node_port integer, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    server citus_stand_in_servers;
    failed text;
    role text;
    kept text[];
BEGIN
    FOR i IN 1 .. array_length(worker_name, 1) LOOP
        SELECT v.* INTO server FROM citus_stand_in_servers v WHERE v.port = master_run_on_worker.port[i];
        node_name := worker_name[i]; node_port := master_run_on_worker.port[i]; success := false;
        failed := format('connection to the remote node %s@%s:%s failed with the following error: ', current_user, node_name, node_port);
        IF server.answers IS NOT TRUE THEN
            result := failed || 'Connection refused';
        ELSIF current_user = ANY (server.lacks || server.refuses) THEN
            result := failed || format('FATAL:  password authentication failed for user "%s"', current_user);
        ELSIF command[i] ~ '^DO ' AND command[i] !~ 'SET LOCAL citus.enable_ddl_propagation = off' THEN
            result := 'ERROR:  operation is not allowed on this node';
        ELSIF command[i] ~ '^DO ' THEN
            role := (SELECT l FROM unnest(server.lacks) l WHERE command[i] ~ format('CREATE ROLE "?%s"? ', l));
            IF role IS NOT NULL THEN
                BEGIN
                    EXECUTE replace(command[i], role, role || '_there');
                    kept := (SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = (role || '_there')::regrole);
                    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
                EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
                    UPDATE citus_stand_in_servers v SET lacks = array_remove(v.lacks, role), settings = v.settings || kept WHERE v.port = server.port;
                END;
            END IF;
            success := true; result := 'DO';
        ELSE
            EXECUTE command[i] INTO result;
            success := true;
            IF result ~ '^{' THEN
                result := result::jsonb || jsonb_strip_nulls(jsonb_build_object('postgres', server.postgres, 'citus', server.citus,
                    'major', server.major, 'logins', (result::jsonb -> 'logins') - server.lacks));
            ELSIF result ~ '^[[]' THEN
                result := result::jsonb - server.lacks;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport integer) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    server citus_stand_in_servers := (SELECT v FROM citus_stand_in_servers v WHERE v.port = citus_add_node.nodeport);
    lacking text := (SELECT l FROM unnest(server.lacks) l WHERE EXISTS (SELECT FROM citus_stand_in_trees() t JOIN pg_class c ON c.oid = t.relid
        CROSS JOIN LATERAL aclexplode(c.relacl) x WHERE x.grantee = l::regrole) LIMIT 1);
BEGIN
    IF server.answers IS NOT TRUE THEN
        RAISE EXCEPTION 'connection to the remote node %:% failed', nodename, nodeport USING ERRCODE = 'connection_failure';
    ELSIF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'role "%" does not exist', lacking;
    ELSIF current_setting('citus.enable_ddl_propagation', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the node would lack what the others have';
    END IF;
    INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport) SELECT max(n.nodeid) + 1, max(n.groupid) + 1, citus_add_node.nodename,
        citus_add_node.nodeport FROM pg_dist_node n;
    RETURN 1;
END
$$;
REVOKE ALL ON FUNCTION pg_catalog.citus_add_node(text, integer) FROM PUBLIC;
CREATE FUNCTION pg_catalog.citus_activate_node(nodename text, nodeport integer) RETURNS integer LANGUAGE sql AS $$
    UPDATE pg_catalog.pg_dist_node n SET isactive = true WHERE n.nodeport = citus_activate_node.nodeport RETURNING n.nodeid
$$;
REVOKE ALL ON FUNCTION pg_catalog.citus_activate_node(text, integer) FROM PUBLIC;

-- Shards go from the node with the most of them to the one with the least.
CREATE FUNCTION pg_catalog.get_rebalance_table_shards_plan() RETURNS TABLE (table_name regclass, shardid bigint, shard_size bigint,
    sourcename text, sourceport integer, targetname text, targetport integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    held jsonb := (SELECT jsonb_object_agg(s.number, p.groupid) FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid));
    least integer;
    most integer;
    fewest bigint;
    highest bigint;
    next text;
BEGIN
    IF EXISTS (SELECT FROM pg_dist_node n JOIN citus_stand_in_servers v ON v.port = n.nodeport WHERE NOT v.answers) THEN
        RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = 'connection_failure';
    END IF;
    LOOP
        WITH counted AS (
            SELECT n.groupid, (SELECT count(*) FROM jsonb_each_text(held) h WHERE h.value = n.groupid::text) AS shards FROM pg_dist_node n
            WHERE n.shouldhaveshards AND n.isactive
        )
        SELECT (array_agg(c.groupid ORDER BY c.shards, c.groupid))[1], min(c.shards),
            (array_agg(c.groupid ORDER BY c.shards DESC, c.groupid))[1], max(c.shards)
        INTO least, fewest, most, highest FROM counted c;
        EXIT WHEN held IS NULL OR highest - fewest < 2;
        next := (SELECT min(h.key) FROM jsonb_each_text(held) h WHERE h.value = most::text);
        RETURN QUERY SELECT s.logicalrelid::regclass, s.shardid, pg_total_relation_size(s.logicalrelid) / 4, a.nodename, a.nodeport,
            b.nodename, b.nodeport
        FROM pg_dist_shard s JOIN pg_dist_node a ON a.groupid = most JOIN pg_dist_node b ON b.groupid = least WHERE s.number::text = next;
        held := held || jsonb_build_object(next, least);
    END LOOP;
END
$$;

-- A rebalance is done at once, and fails where a disk is full.
CREATE FUNCTION pg_catalog.citus_rebalance_start(shard_transfer_mode text DEFAULT 'auto') RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid WHERE NOT pg_has_role(c.relowner, 'USAGE')) THEN
        RAISE EXCEPTION 'must be owner of the tables' USING ERRCODE = 'insufficient_privilege';
    ELSIF shard_transfer_mode = 'auto' THEN
        RAISE EXCEPTION 'cannot use logical replication to transfer shards of a relation without a REPLICA IDENTITY or PRIMARY KEY';
    END IF;
    RETURN citus_stand_in_move();
END
$$;
CREATE FUNCTION pg_catalog.citus_stand_in_move() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    move record;
    job bigint;
    is_full boolean;
BEGIN
    IF EXISTS (SELECT FROM pg_dist_background_job j WHERE j.state IN ('scheduled', 'running')) THEN
        RAISE EXCEPTION 'A rebalance is already running';
    END IF;
    FOR move IN SELECT m.sourceport, m.targetport, array_agg(m.shardid) AS shards FROM get_rebalance_table_shards_plan() m
        JOIN pg_dist_shard s USING (shardid) GROUP BY s.number, m.sourceport, m.targetport LOOP
        IF job IS NULL THEN
            INSERT INTO pg_dist_background_job (state, started_at, finished_at) VALUES ('finished', now(), now()) RETURNING job_id INTO job;
        END IF;
        is_full := (SELECT v.full_disk FROM citus_stand_in_servers v WHERE v.port = move.targetport);
        INSERT INTO pg_dist_background_task (job_id, status, message) VALUES (job, CASE WHEN is_full THEN 'error' ELSE 'done' END,
            CASE WHEN is_full THEN 'ERROR: not enough empty space on node if the shard is moved' ELSE '' END);
        IF is_full THEN
            UPDATE pg_dist_background_job SET state = 'failed' WHERE job_id = job;
        ELSE
            UPDATE pg_dist_placement p SET groupid = n.groupid FROM pg_dist_node n
            WHERE n.nodeport = move.targetport AND p.shardid = ANY (move.shards);
        END IF;
    END LOOP;
    RETURN coalesce(job, 0);
END
$$;
CREATE FUNCTION pg_catalog.get_rebalance_progress() RETURNS TABLE (table_name regclass, sourcename text, sourceport integer, targetname text,
    targetport integer, progress bigint) LANGUAGE sql AS $$ SELECT NULL::pg_catalog.regclass, '', 0, '', 0, 0 WHERE false $$;

-- Another node takes a statement about rights only if it is told to leave the other nodes alone.
CREATE FUNCTION pg_catalog.run_command_on_workers(command text, OUT nodename text, OUT nodeport integer, OUT success boolean, OUT result text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT n.nodename, n.nodeport, a.success, a.result FROM pg_catalog.pg_dist_node n
    CROSS JOIN LATERAL pg_catalog.master_run_on_worker(ARRAY[n.nodename], ARRAY[n.nodeport], ARRAY[command], true) a
    WHERE n.groupid > 0 AND n.isactive
$$;

CREATE FUNCTION pg_catalog.citus_stand_in_trees(OUT relid oid, OUT root oid, OUT partkey text, OUT level integer) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    -- Not by pg_partition_tree(), which locks each table until the transaction ends.
    WITH RECURSIVE trees AS (
        SELECT c.oid AS relid, c.oid AS root, p.partkey, 0 AS level FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
        UNION ALL SELECT i.inhrelid, t.root, t.partkey, t.level + 1 FROM trees t JOIN pg_inherits i ON i.inhparent = t.relid
    )
    TABLE trees
$$;

CREATE FUNCTION pg_catalog.citus_stand_in_check() RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found text;
BEGIN
    SELECT format('cannot create constraint on "%s": distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that '
        'do not include the partition column', i.indexrelid::regclass) INTO found
    FROM citus_stand_in_trees() t JOIN pg_index i ON i.indrelid = t.relid
    WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.relid AND a.attname = t.partkey
        AND a.attnum = ANY (i.indkey::smallint[])) LIMIT 1;
    IF found IS NOT NULL THEN RAISE EXCEPTION '%', found USING ERRCODE = 'feature_not_supported'; END IF;
    SELECT format('distributing multi-level partitioned tables is not supported: %s', t.root::regclass) INTO found
    FROM citus_stand_in_trees() t WHERE t.level > 1 LIMIT 1;
    IF found IS NOT NULL THEN RAISE EXCEPTION '%', found USING ERRCODE = 'feature_not_supported'; END IF;
    SELECT format('cannot create foreign key constraint %s: a local table', c.conname) INTO found
    FROM pg_constraint c LEFT JOIN citus_stand_in_trees() a ON a.relid = c.conrelid LEFT JOIN citus_stand_in_trees() b ON b.relid = c.confrelid
    WHERE c.contype = 'f' AND (a.relid IS NULL) <> (b.relid IS NULL) LIMIT 1;
    IF found IS NOT NULL THEN RAISE EXCEPTION '%', found USING ERRCODE = 'feature_not_supported'; END IF;
    SELECT format('triggers are not supported on distributed tables: %s', t.root::regclass) INTO found
    FROM citus_stand_in_trees() t JOIN pg_trigger g ON g.tgrelid = t.relid WHERE NOT g.tgisinternal LIMIT 1;
    IF found IS NOT NULL THEN RAISE EXCEPTION '%', found USING ERRCODE = 'feature_not_supported'; END IF;
END
$$;

-- Where Citus would change the coordinator's shell alone, and say nothing, this refuses.
CREATE FUNCTION pg_catalog.citus_stand_in_ends() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    command record;
BEGIN
    FOR command IN SELECT c.command_tag, c.object_identity, c.objid, c.classid FROM pg_event_trigger_ddl_commands() c
        WHERE c.classid IN ('pg_class'::regclass, 'pg_policy'::regclass) LOOP
        IF EXISTS (SELECT FROM citus_stand_in_trees() t WHERE t.relid = command.objid AND command.command_tag <> 'CREATE TABLE'
                OR t.relid = (SELECT i.indrelid FROM pg_index i WHERE i.indexrelid = command.objid)
                OR t.relid = (SELECT p.polrelid FROM pg_policy p WHERE p.oid = command.objid))
            AND current_setting('citus.enable_ddl_propagation', true) IS DISTINCT FROM 'on'
            -- Creating a distributed table is one statement of its own.
            AND command.command_tag <> 'SELECT' THEN
            RAISE EXCEPTION '% of % would reach the coordinator alone', command.command_tag, command.object_identity;
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM citus_stand_in_trees() t JOIN pg_policy p ON p.polrelid = t.relid WHERE NOT p.polpermissive) THEN
        RAISE EXCEPTION 'a restrictive policy would be permissive on the other nodes: Citus leaves out the word';
    END IF;
    PERFORM citus_stand_in_check(), citus_stand_in_place();
END
$$;
CREATE EVENT TRIGGER citus_stand_in_ends ON ddl_command_end EXECUTE FUNCTION pg_catalog.citus_stand_in_ends();

CREATE FUNCTION pg_catalog.citus_stand_in_drops() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() o JOIN pg_dist_partition p ON p.logicalrelid = o.objid
        WHERE current_setting('citus.enable_ddl_propagation', true) IS DISTINCT FROM 'on') THEN
        RAISE EXCEPTION 'a distributed table would be dropped on the coordinator alone';
    END IF;
    DELETE FROM pg_dist_partition p WHERE p.logicalrelid IN (SELECT o.objid FROM pg_event_trigger_dropped_objects() o);
    WITH gone AS (DELETE FROM pg_dist_shard s WHERE s.logicalrelid IN (SELECT o.objid FROM pg_event_trigger_dropped_objects() o)
        RETURNING s.shardid)
    DELETE FROM pg_dist_placement p WHERE p.shardid IN (SELECT g.shardid FROM gone g);
END
$$;
CREATE EVENT TRIGGER citus_stand_in_drops ON sql_drop EXECUTE FUNCTION pg_catalog.citus_stand_in_drops();
RESET check_function_bodies;
RESET allow_system_table_mods;
