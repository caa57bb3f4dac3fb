CREATE OR REPLACE FUNCTION _wh_internal.source_said(tenant_name text, message text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Whether an error comes from the source; dblink passes it on as if it came from this session. Call it before
-- the login is released: libpq keeps the last error of the source with the login. That is the exact text that
-- dblink has passed on, in whatever language, or that text as raise_visible shows it.
DECLARE
    server text := _wh_internal.server_name(tenant_name);
    said text;
BEGIN
    EXECUTE format('SELECT CASE WHEN %1$L = ANY (%2$I.dblink_get_connections()) THEN '
        '%2$I.dblink_error_message(%1$L) END',
        server, _wh_internal.dblink_schema()) INTO said;
    RETURN coalesce(position(message IN said) > 0 OR position(message IN _wh_internal.visible(said)) > 0,
        false);
END
$$;
