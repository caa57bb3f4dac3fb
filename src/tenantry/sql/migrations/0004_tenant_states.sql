-- A tenant may be at rest: its jobs are paused, its data stay. And it may be on its way out.
ALTER TABLE _wh.tenants
    ADD COLUMN disabled_at timestamptz,
    ADD COLUMN disabled_reason text,
    ADD COLUMN paused_jobs bigint[],
    ADD COLUMN dropping_at timestamptz;
COMMENT ON COLUMN _wh.tenants.disabled_at IS 'Since when the tenant is disabled: commands for all tenants leave it out. NULL: it is not';
COMMENT ON COLUMN _wh.tenants.disabled_reason IS 'Why, in the words of whoever disabled it';
COMMENT ON COLUMN _wh.tenants.paused_jobs IS 'The jobid of each job that disabling paused, to resume when the tenant is enabled';
COMMENT ON COLUMN _wh.tenants.dropping_at IS 'When a drop began that has not ended: reports no longer see the tenant, and nothing is loaded';
