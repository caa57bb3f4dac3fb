CREATE OR REPLACE FUNCTION _wh_internal.hear_of_changes() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- A session that waits for an advisory lock is not told which relations were created or dropped in the
    -- meantime, as it is when it waits for a relation. It would go on believing that a new table does not
    -- exist. Locking any object tells it.
    SELECT _wh_internal.require_settings(), pg_get_object_address('schema', '{pg_catalog}', '{}')
$$;
