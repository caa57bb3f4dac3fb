-- Take over a warehouse that runs by the operations manual's own scripts, with psql alone. Run it as the administrator, and
-- again each time it says so; it goes on where it was, and names the next step:
--     psql -h HOST -U postgres -d postgres -f adopt.sql
--     psql … -v dry_run=1 -f adopt.sql      shows what there is, and changes nothing
--     psql … -v undo=1 -f adopt.sql         takes the adoption back
--     psql … -v finish=1 -f adopt.sql       drops what was kept for undo, after whadmin has run CALL _wh.adopt_copies(),
--                                           which makes days again without their passwords
\set ON_ERROR_STOP on
\set QUIET on
SET search_path = pg_catalog, pg_temp;
SET standard_conforming_strings = on;

SELECT to_regnamespace('_wh_adopt') IS NOT NULL AS begun, to_regnamespace('_wh_manual') IS NOT NULL AS aside,
    to_regclass('_wh.migrations') IS NOT NULL AS installed
\gset tenantry_

\if :{?dry_run}
    BEGIN;
    \ir adopt/0_check.sql
    \ir adopt/1_find.sql
    SELECT f.schema_name AS tenant, f.template_name AS template, t.connection, min(f.slice_date) AS first_day,
        max(f.slice_date) AS last_day, count(f.slice_date) AS days, count(*) FILTER (WHERE f.kind = 'year') AS years,
        count(*) FILTER (WHERE f.secret) AS passwords
    FROM tenantry_found f JOIN tenantry_tenants t USING (schema_name) WHERE f.kind IN ('day', 'year')
    GROUP BY 1, 2, 3 ORDER BY 1, 2;
    \echo 'Left alone:'
    SELECT f.schema_name, f.relname FROM tenantry_found f WHERE f.in_tenant AND (f.kind IS NULL OR f.kind = 'odd') ORDER BY 1, 2;
    ROLLBACK;
    \quit
\endif
\if :{?undo}
    \if :tenantry_begun
        \ir adopt/replaced.sql
    \endif
    BEGIN;
    \if :tenantry_aside
        \ir adopt/undo.sql
        SELECT line AS kept FROM tenantry_kept;
    \else
        \ir adopt/7_jobs.sql
        \ir adopt/give_up.sql
    \endif
    COMMIT;
    \echo 'Taken back: the warehouse is as it was.'
    \quit
\endif
\if :{?finish}
    \if :tenantry_begun
        \ir adopt/5_swap.sql
        \ir adopt/replaced.sql
    \endif
    BEGIN;
    \ir adopt/8_finish.sql
    COMMIT;
    \echo 'Finished: no definition holds a password.'
    \echo 'Reports get faster with partitions: tenantry template set-storage TEMPLATE partition'
    \quit
\endif

\if :tenantry_begun
\else
    BEGIN;
    \ir adopt/0_check.sql
    \ir adopt/1_find.sql
    \ir adopt/2_record.sql
    COMMIT;
    SELECT pg_sleep(2) \g /dev/null
\endif
\if :tenantry_aside
\else
    BEGIN;
    \ir adopt/3_aside.sql
    COMMIT;
\endif
\if :tenantry_installed
\else
    \echo 'Next: run create.sql as the administrator and functions.sql as whadmin; then run this again.'
    \quit
\endif
SELECT NOT EXISTS (SELECT FROM _wh_adopt.steps WHERE step = 'functions') AS todo \gset tenantry_
\if :tenantry_todo
    BEGIN;
    \ir adopt/6_own_functions.sql
    COMMIT;
\endif
\ir adopt/4_owners.sql
SELECT EXISTS (SELECT FROM _wh_adopt.tenants t WHERE NOT EXISTS (SELECT FROM _wh.tenants w WHERE w.schema_name = t.schema_name))
    AS todo \gset tenantry_
\if :tenantry_todo
    \echo 'Next, as whadmin: CALL _wh.adopt_tenants(); then run this again.'
    \quit
\endif
BEGIN;
\ir adopt/7_jobs.sql
COMMIT;
\echo 'Adopted. When all is well: as whadmin CALL _wh.adopt_copies(), then adopt.sql with -v finish=1.'
