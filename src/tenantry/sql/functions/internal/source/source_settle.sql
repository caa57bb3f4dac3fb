CREATE OR REPLACE FUNCTION _wh_internal.source_settle() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What to send to a source after a login, which is kept for one load after the other: it must not be
    -- ended while it rests. Not part of the login, because not every PostgreSQL knows the setting; and only
    -- where that asked for the others with success: behind a pooler the session is not ours to change.
    SELECT $q$SELECT pg_catalog.set_config('idle_session_timeout', '0', false)
WHERE pg_catalog.current_setting('tenantry.session', true) = 'yes'
    AND pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL$q$
$$;
