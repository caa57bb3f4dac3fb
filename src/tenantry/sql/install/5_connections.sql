-- After the functions: what they write of a connection may have changed since it was stored. Run as whadmin.
DO $$
BEGIN
    PERFORM _wh_internal.apply_connection(c, NULL) FROM _wh.tenant_connections c;
END
$$;
