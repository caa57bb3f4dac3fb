-- What Tenantry uses of Citus, on one plain server, and what Citus refuses. Every name is one of Citus's. Tables stay where they are, so
-- this shows that statements are such as Citus carries out, and not that other nodes do.
SET LOCAL client_min_messages = 'warning';
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partkey text NOT NULL);
CREATE TABLE pg_catalog.pg_dist_node (nodeid integer, groupid integer, nodename text, nodeport integer, noderole text DEFAULT 'primary',
    isactive boolean DEFAULT true, shouldhaveshards boolean DEFAULT true);
INSERT INTO pg_catalog.pg_dist_node (nodeid, groupid, nodename, nodeport, shouldhaveshards) VALUES
    (1, 0, 'localhost', 5432, false), (2, 1, 'localhost', 9701, true), (3, 2, 'localhost', 9702, true);
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.pg_dist_node TO PUBLIC;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = table_name) THEN
        RAISE EXCEPTION 'table % is already distributed', table_name;
    ELSIF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = table_name AND a.attname = distribution_column AND a.attnotnull) THEN
        RAISE EXCEPTION 'column "%" of table % cannot be its distribution column', distribution_column, table_name;
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, distribution_column);
    PERFORM pg_catalog.citus_stand_in_check();
END
$$;

CREATE FUNCTION pg_catalog.citus_table_size(relation regclass) RETURNS bigint LANGUAGE sql AS 'SELECT pg_catalog.pg_table_size(relation)';
CREATE FUNCTION pg_catalog.citus_total_relation_size(relation regclass, fail_on_error boolean DEFAULT true) RETURNS bigint
LANGUAGE sql AS 'SELECT pg_catalog.pg_total_relation_size(relation)';

-- Another node takes a statement about rights only if it is told to leave the other nodes alone.
CREATE FUNCTION pg_catalog.run_command_on_workers(command text, OUT nodename text, OUT nodeport integer, OUT success boolean, OUT result text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT n.nodename, n.nodeport, command ~ 'SET LOCAL citus.enable_ddl_propagation = off', CASE
        WHEN command ~ 'SET LOCAL citus.enable_ddl_propagation = off' THEN 'DO' ELSE 'ERROR:  operation is not allowed on this node' END
    FROM pg_catalog.pg_dist_node n WHERE n.groupid > 0
$$;

CREATE FUNCTION pg_catalog.citus_stand_in_trees(OUT relid oid, OUT root oid, OUT partkey text, OUT level integer) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT t.relid, p.logicalrelid, p.partkey, t.level FROM pg_dist_partition p
    JOIN pg_class c ON c.oid = p.logicalrelid CROSS JOIN LATERAL pg_partition_tree(c.oid) t
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
    PERFORM citus_stand_in_check();
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
END
$$;
CREATE EVENT TRIGGER citus_stand_in_drops ON sql_drop EXECUTE FUNCTION pg_catalog.citus_stand_in_drops();
RESET allow_system_table_mods;
