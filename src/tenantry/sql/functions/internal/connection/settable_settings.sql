CREATE OR REPLACE FUNCTION _wh_internal.settable_settings() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The settings of a session on a source that a connection's options may change.
    SELECT '{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,idle_session_timeout,'
        'transaction_timeout,row_security,search_path}'::text[]
$$;
