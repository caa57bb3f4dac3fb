CREATE OR REPLACE FUNCTION _wh.disable_tenant(tenant text, reason text, jobids bigint[] DEFAULT '{}')
    RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: disable a tenant. Its active jobs among `jobids` are paused, and remembered until the tenant
-- is enabled; its data stays. Returns the paused jobs, or NULL if the tenant was already disabled.
DECLARE
    why text := btrim(_wh_internal.visible(reason));
    resting _wh.tenants;
    paused bigint[];
BEGIN
    IF coalesce(why, '') = '' THEN
        RAISE EXCEPTION 'no reason given'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why the tenant is disabled.';
    END IF;
    SELECT * INTO resting FROM _wh.tenants t
        WHERE t.schema_name = tenant AND t.dropping_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant "%" does not exist, or is being dropped', tenant
            USING ERRCODE = 'undefined_object';
    ELSIF resting.disabled_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    PERFORM _wh_internal.audit('disable_tenant', resting.schema_name, 'begun');
    paused := _wh.set_jobs_active(coalesce(jobids, '{}'::bigint[]), false);
    UPDATE _wh.tenants t SET disabled_at = now(), disabled_reason = why, paused_jobs = paused
        WHERE t.schema_name = resting.schema_name;
    PERFORM _wh_internal.write_log('tenant disable', 'INFO', format('tenant disabled: %s', why),
        jsonb_build_object('schema_name', resting.schema_name, 'jobs', paused));
    RETURN paused;
END
$$;
COMMENT ON FUNCTION _wh.disable_tenant IS 'For operators: disable a tenant and pause its jobs';
