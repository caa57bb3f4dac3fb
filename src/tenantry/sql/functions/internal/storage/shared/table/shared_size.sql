CREATE OR REPLACE FUNCTION _wh_internal.shared_size(relation regclass, what text, distributed boolean)
    RETURNS numeric
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The bytes of a table (`what`: table, or total with its indexes), on all nodes if it is distributed. NULL
-- if a node does not answer.
DECLARE
    bytes numeric;
BEGIN
    EXECUTE format('SELECT pg_catalog.%I($1)', concat(CASE WHEN distributed THEN 'citus' ELSE 'pg' END, '_',
        CASE what WHEN 'total' THEN 'total_relation_size' ELSE 'table_size' END)) INTO bytes USING relation;
    RETURN bytes;
EXCEPTION WHEN connection_exception OR sqlclient_unable_to_establish_sqlconnection THEN
    RETURN NULL;
END
$$;
