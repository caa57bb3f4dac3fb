CREATE OR REPLACE FUNCTION _wh_internal.probe_source(tenant_name text,
    OUT server_version text, OUT database text, OUT time_zone text, OUT read_only boolean, OUT latency float8)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Log in to a source as a load would, and ask who answers. Latency in seconds.
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    PERFORM _wh_internal.hold_source(tenant_name);
    EXECUTE format('SELECT * FROM %I.dblink(%L, %L) AS t(v text, d text, z text, r boolean)', _wh_internal.dblink_schema(),
        _wh_internal.server_name(tenant_name),
        'SELECT current_setting(''server_version''), current_database(), current_setting(''TimeZone''), current_setting(''transaction_read_only'')::boolean')
    INTO server_version, database, time_zone, read_only;
    PERFORM _wh_internal.release_source(tenant_name);
    latency := extract(epoch FROM clock_timestamp() - started);
END
$$;
