CREATE OR REPLACE FUNCTION _wh_internal.source_settle() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The message to send to a source after a login. The login is kept from one load to the next, so it must
    -- not be ended while it is idle. This is not part of the login, because not every PostgreSQL knows the
    -- setting. It is sent only if the login's own settings were accepted: behind a pooler, the session
    -- belongs to others as well.
    SELECT $q$SELECT pg_catalog.set_config('idle_session_timeout', '0', false)
WHERE pg_catalog.current_setting('tenantry.session', true) = 'yes'
    AND pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL$q$
$$;
