-- name: by_hand
-- Whether the database holds a warehouse by the operations manual's own scripts, or one that is being adopted.
SELECT to_regnamespace('_wh_adopt') IS NOT NULL
    OR to_regclass('_wh.tenant_connections') IS NOT NULL AND to_regclass('_wh.mv_templates') IS NOT NULL
        AND to_regclass('_wh.migrations') IS NULL

-- name: connections
-- The names of connections by hand.
SELECT c.tenant_name::text FROM _wh.tenant_connections c ORDER BY 1

-- name: templates
-- The names of templates by hand.
SELECT t.template_name::text FROM _wh.mv_templates t ORDER BY 1

-- name: feeds
-- Each template of each tenant: connection, candidates, first and last day, number of days, gaps between them, years, and
-- the number of days whose definition holds a password.
SELECT f.schema_name::text, f.template_name, t.connection, coalesce(t.addressed, t.scheduled, '{}'),
    min(f.slice_date), max(f.slice_date), count(f.slice_date),
    coalesce(max(f.slice_date) - min(f.slice_date) + 1 - count(f.slice_date), 0)::integer,
    coalesce(array_agg(f.year ORDER BY f.year) FILTER (WHERE f.kind = 'year'), '{}'),
    count(*) FILTER (WHERE f.secret)
FROM pg_temp.tenantry_found f JOIN pg_temp.tenantry_tenants t USING (schema_name)
WHERE f.kind IN ('day', 'year') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2

-- name: own_functions
-- The operators' own functions: those whose names are not Tenantry's.
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = '_wh'::regnamespace AND p.prokind IN ('f', 'p') AND p.prorettype <> 'trigger'::regtype
    AND l.lanpltrusted AND p.proname <> ALL (%s) ORDER BY 1

-- name: jobs
-- Jobs that call functions of the warehouse.
SELECT coalesce(j.jobname, j.jobid::text), j.active, j.command FROM pg_temp.tenantry_jobs j ORDER BY 1

-- name: left
-- What stays as it is, and why.
SELECT format('%I.%I', f.schema_name, f.relname), CASE
    WHEN f.kind = 'odd' AND f.template_name IS NOT NULL THEN 'its name is not a day''s; it is made again without its password'
    WHEN f.kind = 'odd' THEN 'no template has its name; it is made again without its password'
    WHEN f.relkind = 'm' AND f.template_name IS NOT NULL THEN 'its name is not a day''s'
    WHEN f.template_name IS NULL THEN 'no template has its name'
    ELSE 'it is neither a day nor a year of its template' END
FROM pg_temp.tenantry_found f
WHERE f.in_tenant AND (f.kind IS NULL OR f.kind = 'odd') ORDER BY 1

-- name: secrets
-- How many materialized views hold a password in their definition.
SELECT count(*) FROM pg_class c WHERE c.relkind = 'm' AND c.relowner = 'whadmin'::regrole
    AND pg_get_viewdef(c.oid) ~* 'dblink\(''(?:[^'']|'''')*\mpassword\s*='

-- name: done
-- Whether a step of an adoption is done.
SELECT EXISTS (SELECT FROM _wh_adopt.steps WHERE step = %s)

-- name: begun
-- Whether an adoption has begun, and is not finished.
SELECT to_regclass('_wh_adopt.steps') IS NOT NULL

-- name: held
-- Whether jobs are held.
SELECT EXISTS (SELECT FROM _wh_adopt.jobs WHERE active)

-- name: give_up
-- Forget an adoption that has changed nothing yet.
DROP SCHEMA _wh_adopt CASCADE

-- name: installed
-- Record that Tenantry is installed.
INSERT INTO _wh_adopt.steps VALUES ('installed') ON CONFLICT DO NOTHING
