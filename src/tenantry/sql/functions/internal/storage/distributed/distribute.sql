CREATE OR REPLACE FUNCTION _wh_internal.distribute(root regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Spread an empty table over the nodes of the cluster by its tenants, and let row security say from the start
-- which rows a role sees: the nodes answer a reader as that reader, whatever view was asked.
BEGIN
    IF to_regproc('pg_catalog.create_distributed_table') IS NULL THEN
        RAISE EXCEPTION 'distributed storage needs Citus, which this database does not have'
            USING ERRCODE = 'feature_not_supported',
            HINT = 'Install the extension citus (docs/how-to/many-tenants.md), or use shared storage.';
    END IF;
    EXECUTE _wh_internal.spread(true, format('SELECT pg_catalog.create_distributed_table(%L::regclass, '
        '''schema_name'')', root));
    PERFORM _wh_internal.limit_rows(root, true), _wh_internal.open_nodes();
END
$$;
