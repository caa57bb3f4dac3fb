CREATE OR REPLACE FUNCTION _wh_internal.acting_role() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The role that the session acts as, also within functions that run as their owner: that of SET ROLE, or else
-- the login.
    SELECT coalesce(nullif(current_setting('role'), 'none'), session_user::text)
$$;
