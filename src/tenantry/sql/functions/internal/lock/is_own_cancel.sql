CREATE OR REPLACE FUNCTION _wh_internal.is_own_cancel(state text, mark text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether an error is a cancel of this session, by hand or by its statement_timeout, which ends the whole
    -- call; not one by a source, which is the failure of a day: load_slice marks that in the error's
    -- CONSTRAINT_NAME.
    SELECT state = '57014' AND mark IS DISTINCT FROM 'cancelled by the source'
$$;
