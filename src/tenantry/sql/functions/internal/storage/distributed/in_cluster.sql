CREATE OR REPLACE FUNCTION _wh_internal.in_cluster(statements text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Carry out statements about distributed tables on all nodes of a Citus cluster. Everywhere else Citus's
-- propagation is off: what Tenantry keeps besides is the coordinator's alone. One by one, because Citus sends
-- the text of a whole EXECUTE to the other nodes.
DECLARE
    former text := current_setting('citus.enable_ddl_propagation', true);
    statement text;
BEGIN
    PERFORM set_config('citus.enable_ddl_propagation', 'on', true);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM set_config('citus.enable_ddl_propagation', coalesce(former, 'off'), true);
END
$$;
