CREATE OR REPLACE FUNCTION _wh.enable_tenant(tenant text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: enable a disabled tenant, and resume the jobs that were paused for it and still exist.
-- Returns these jobs, or NULL if the tenant was not disabled. Load its missing days before, or let its jobs
-- load them as far as they look back.
DECLARE
    resting _wh.tenants;
    resumed bigint[];
BEGIN
    SELECT * INTO resting FROM _wh.tenants t
        WHERE t.schema_name = tenant AND t.dropping_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant "%" does not exist, or is being dropped', tenant
            USING ERRCODE = 'undefined_object';
    ELSIF resting.disabled_at IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM _wh_internal.audit('enable_tenant', resting.schema_name, 'begun');
    UPDATE _wh.tenants t SET disabled_at = NULL, disabled_reason = NULL, paused_jobs = NULL
        WHERE t.schema_name = resting.schema_name;
    resumed := _wh.set_jobs_active(ARRAY(SELECT j.jobid FROM _wh.jobs() j
        WHERE j.jobid = ANY (resting.paused_jobs)), true);
    PERFORM _wh_internal.write_log('tenant enable', 'INFO', 'tenant enabled',
        jsonb_build_object('schema_name', resting.schema_name, 'jobs', resumed));
    RETURN resumed;
END
$$;
COMMENT ON FUNCTION _wh.enable_tenant IS 'For operators: enable a tenant and resume its jobs';
