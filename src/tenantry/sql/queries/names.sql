-- name: templates
SELECT template_name FROM _wh.mv_templates WHERE starts_with(template_name, %s) ORDER BY 1

-- name: tenants
SELECT schema_name FROM _wh.tenants WHERE starts_with(schema_name, %s) ORDER BY 1
