CREATE OR REPLACE FUNCTION _wh_internal.begin_source(tenant_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Begin a read-only transaction with one snapshot at the source, and read its settings back. It uses the
-- login that hold_source keeps, or otherwise a new one. Returns true for a new login; pass the result to
-- end_source.
DECLARE
    server text := _wh_internal.known_server(tenant_name);
    asking text := format('SELECT t.difference FROM %I.dblink(%L, %L) AS t(difference text)',
        _wh_internal.dblink_schema(), server,
        _wh_internal.source_begin(tenant_name));
    held boolean := _wh_internal.holds_source(tenant_name);
    difference text;
    detail text;
    hint text;
    context text;
BEGIN
    IF held THEN
        BEGIN
            EXECUTE asking INTO difference;
            IF difference IS NULL THEN
                RETURN false;
            END IF;
        EXCEPTION WHEN assert_failure OR OTHERS THEN
            -- The login was lost, or a cancelled load left its transaction open. A new login shows whether
            -- the source works.
            NULL;
        END;
    END IF;
    PERFORM _wh_internal.hold_source(tenant_name);
    BEGIN
        EXECUTE asking INTO difference;
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT;
        PERFORM _wh_internal.raise_visible(SQLSTATE, SQLERRM, detail, hint, context);
        RAISE;
    END;
    IF difference IS NOT NULL THEN
        PERFORM _wh_internal.release_source(tenant_name);
        RAISE EXCEPTION 'connection "%": the source does not apply the settings of a load: %', tenant_name,
            _wh_internal.visible(difference)
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NOT held;
END
$$;
