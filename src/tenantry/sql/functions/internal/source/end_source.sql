CREATE OR REPLACE FUNCTION _wh_internal.end_source(tenant_name text, opened boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- End the transaction that begin_source began, whether it failed or not, and log out if begin_source logged
-- in (`opened`, its result). A lost login leaves nothing to end.
BEGIN
    IF opened THEN
        PERFORM _wh_internal.release_source(tenant_name);
    ELSIF _wh_internal.holds_source(tenant_name) THEN
        EXECUTE format('SELECT %I.dblink_exec(%L, %L)', _wh_internal.dblink_schema(),
            _wh_internal.server_name(tenant_name), 'COMMIT');
    END IF;
EXCEPTION WHEN assert_failure OR OTHERS THEN
    PERFORM _wh_internal.release_source(tenant_name);
END
$$;
