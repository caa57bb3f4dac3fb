CREATE OR REPLACE FUNCTION _wh_internal.open_nodes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let all roles use _wh_data on the other nodes, which hold nothing there but shards: a node answers a reader
-- as that reader, and row security says which rows it sees. Here, on the coordinator, nobody may name a table
-- of _wh_data.
DECLARE
    failure text;
BEGIN
    EXECUTE format('SELECT string_agg(format(''%%s:%%s: %%s'', r.nodename, r.nodeport, r.result), ''; '') '
        'FROM pg_catalog.%I($1) r WHERE NOT r.success', concat('run_command', '_on_workers')) INTO failure
    -- Citus refuses statements about rights on other nodes, except those that it is told to leave alone.
    USING 'DO $do$ BEGIN SET LOCAL citus.enable_ddl_propagation = off; '
        'GRANT USAGE ON SCHEMA _wh_data TO PUBLIC; END $do$';
    IF failure IS NOT NULL THEN
        RAISE EXCEPTION 'readers cannot use a node of the cluster: %', failure
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run this again when all nodes answer: tenantry cluster status';
    END IF;
END
$$;
