CREATE OR REPLACE FUNCTION _wh_internal.stream_stage(template_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The staging table of a stream, until the transaction ends.
BEGIN
    EXECUTE format(E'CREATE TEMPORARY TABLE tenantry_stage (%s\n) ON COMMIT DROP',
        _wh_internal.declared_columns(template_name));
END
$$;
