-- name: load_days
-- Load days.
SELECT _wh.load_days(%(template)s, %(schema)s, %(first)s::date, %(last)s::date, %(only_changed)s)

-- name: verify_days
-- Compare days with the source.
SELECT _wh.verify_days(%(template)s, %(schema)s, %(first)s::date, %(last)s::date)

-- name: publish_views
-- Bring both views up to date.
SELECT _wh.publish_views(%(template)s, %(schema)s)

-- name: fold_year
-- Take the next step of folding a year.
SELECT _wh.fold_year_step(%(template)s, %(schema)s, %(year)s, %(continued)s)

-- name: disable_tenant
-- Disable a tenant.
SELECT _wh.disable_tenant(%(schema)s, %(reason)s, %(jobs)s::bigint[])

-- name: enable_tenant
-- Enable a tenant.
SELECT _wh.enable_tenant(%(schema)s)

-- name: source_extent
-- The first and last day that a source has rows of.
SELECT first_day, last_day FROM _wh.source_days(%(template)s, %(schema)s)
