CREATE OR REPLACE FUNCTION _wh_internal.shows_password(definition text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a view's definition, as PostgreSQL writes it, calls dblink with a password in its text. What is
    -- in quotes before the call is skipped: a text or a name may look like a call. The scripts of adopt/ have
    -- the same expression, because the administrator runs nothing of whadmin's.
    SELECT definition ~* (E'^(?:[^''"]|''(?:[^'']|'''')*''|"(?:[^"]|"")*")*?\\mdblink\\(E?''(?:[^'']|'''')*'
        || E'(?:\\mpassword\\s*=|://[^''/@]*:[^''/@]*@)')
$$;
