CREATE OR REPLACE FUNCTION _wh_internal.source_said(tenant_name text, message text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Whether an error is one of the source, which dblink passes on as if it were one of this session. To be
-- asked before the login is released: libpq keeps what the source raised last on it, and that is the very
-- text that dblink has passed on, in whatever language, or that text as raise_visible shows it.
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
