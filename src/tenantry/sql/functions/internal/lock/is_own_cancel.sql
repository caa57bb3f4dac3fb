CREATE OR REPLACE FUNCTION _wh_internal.is_own_cancel(state text, mark text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether an error is a cancel of this session, by hand or by its statement_timeout. Such a cancel ends
    -- the whole call. A cancel by a source is only the failure of a day; load_slice marks it in the error's
    -- CONSTRAINT_NAME.
    SELECT state = '57014' AND mark IS DISTINCT FROM 'cancelled by the source'
$$;
