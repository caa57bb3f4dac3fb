CREATE OR REPLACE FUNCTION _wh_internal.hold_tenant(schema_name text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Keep the tenant from being dropped until this transaction ends. drop_tenant waits for the first lock, a
    -- DROP SCHEMA by hand for the second, which pg_get_object_address takes and keeps as any command in the
    -- schema does. Call this before taking any lock on a relation: DROP SCHEMA holds the schema while it
    -- waits for relations.
    SELECT _wh_internal.require_settings(),
        _wh_internal.await_lock(_wh_internal.tenant_lock(schema_name), true,
        format('tenant %s, which another session is moving or dropping', schema_name)),
        pg_get_object_address('schema', ARRAY[schema_name], '{}')
$$;
