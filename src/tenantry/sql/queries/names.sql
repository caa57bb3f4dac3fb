-- name: templates
-- Templates whose names begin so.
SELECT template_name FROM _wh.mv_templates WHERE starts_with(template_name, %s) ORDER BY 1

-- name: tenants
-- Tenants whose names begin so.
SELECT schema_name FROM _wh.tenants WHERE starts_with(schema_name, %s) ORDER BY 1

-- name: jobs
-- Jobs whose names begin so.
SELECT jobname::text FROM cron.job WHERE starts_with(jobname::text, %s) ORDER BY 1
