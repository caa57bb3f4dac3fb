CREATE OR REPLACE FUNCTION _wh_internal.hear_of_changes() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Waiting for an advisory lock, a session does not hear of the relations that came and went meanwhile, as
    -- it does when it waits for a relation: it would go on believing that a table is not there. Locking any
    -- object tells it.
    SELECT _wh_internal.require_settings(), pg_get_object_address('schema', '{pg_catalog}', '{}')
$$;
