-- For psql: refuse a server that is too old, before anything is changed.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.<) 150000 THEN
        RAISE EXCEPTION 'the server is PostgreSQL %; Tenantry needs 15 or newer',
            pg_catalog.current_setting('server_version');
    END IF;
END
$$;
