-- psql: create or change the jobs of one tenant: an hourly update, a nightly refresh of the last two weeks, and a
-- job that folds last year into a yearly table. Run it as whadmin. A second run with other minutes moves the jobs.
--
--     psql -h HOST -U whadmin -d postgres -v tenant=landb -v connection=landb_conn \
--          -v hourly='10' -v nightly='30 8' -v yearly='0 7' -f cron.sql
--
--     tenant      the schema                                  required
--     connection  its row in _wh.tenant_connections           default: the tenant's name
--     template    what to load                                default: foodlogstats
--     hourly      minute of every hour                        default: 10
--     nightly     minute and hour of the refresh, in UTC      default: 30 8
--     yearly      minute and hour on February 15th, in UTC    default: 0 7
--
-- Space tenants out, so that sources and warehouse do not get all the work at once: hourly jobs by 1 or 2 minutes,
-- nightly jobs by at least 2, yearly jobs by at least 10, and larger tenants by more. Add a block for each new tenant
-- to a file of your own, such as jobs.sql, and run the file again whenever it changes:
--
--     \set tenant landb
--     \set connection landb_conn
--     \set hourly 10
--     \set nightly '30 8'
--     \set yearly '0 7'
--     \ir cron.sql
--
--     \set tenant mm
--     \set connection mm_conn
--     \set hourly 11
--     \set nightly '32 8'
--     \set yearly '10 7'
--     \ir cron.sql
--
-- For the first of them, it schedules:
--
--     foodlogstats_update_landb   10 * * * *   SELECT _wh.update_mv_by_template('foodlogstats', 'landb_conn', 'landb', _wh.current_date_utc());
--     landb_2week_refresh         30 8 * * *   CALL _wh.refresh_window('foodlogstats', 'landb_conn', 'landb');
--     yearly_combination_landb    0 7 15 2 *   SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'landb', ...);
--
-- The refresh commits each day separately and fails at the end if a day failed: the good days stay, and the run's
-- return_message in cron.job_run_details contains the error of the first failed day. For a template other than
-- foodlogstats, the last two names end in "_" and the template's name, so that the jobs of one tenant do not replace
-- each other. Names longer than 63 bytes, which pg_cron would cut, are shortened and get a hash.
\set tenantry_former :ON_ERROR_STOP
\set ON_ERROR_STOP on
\set tenantry_quiet :QUIET
\set QUIET on
\ir install/refuse_superuser.sql
\if :{?tenant}
    \if :{?template}
    \else
        \set template foodlogstats
    \endif
    \if :{?connection}
    \else
        \set connection :tenant
    \endif
    \if :{?hourly}
    \else
        \set hourly 10
    \endif
    \if :{?nightly}
    \else
        \set nightly '30 8'
    \endif
    \if :{?yearly}
    \else
        \set yearly '0 7'
    \endif

-- Jobs belong to the role that schedules them, and run as that role.
BEGIN;
SET LOCAL ROLE whadmin;
SELECT job.name, job.schedule, cron.schedule(job.name, job.schedule, job.command) AS jobid
FROM (
    SELECT _wh_internal.fit_name(full_name), schedule, command
    FROM (
        SELECT format('%s_update_%s', t.template, t.tenant), t.hourly || ' * * * *',
            format('SELECT _wh.update_mv_by_template(%L, %L, %L, _wh.current_date_utc());', t.template, t.connection, t.tenant)
        FROM (VALUES (:'template', :'tenant', :'connection', :'hourly')) t(template, tenant, connection, hourly)
        UNION ALL
        SELECT format('%s_2week_refresh%s', t.tenant, t.suffix), t.nightly || ' * * *',
            format('CALL _wh.refresh_window(%L, %L, %L);', t.template, t.connection, t.tenant)
        FROM (VALUES (:'template', :'tenant', :'connection', :'nightly', coalesce('_' || nullif(:'template', 'foodlogstats'), '')))
            t(template, tenant, connection, nightly, suffix)
        UNION ALL
        SELECT format('yearly_combination_%s%s', t.tenant, t.suffix), t.yearly || ' 15 2 *',
            format('SELECT _wh.create_combined_table_from_template_by_year(%L, %L, '
                'EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);', t.template, t.tenant)
        FROM (VALUES (:'template', :'tenant', :'yearly', coalesce('_' || nullif(:'template', 'foodlogstats'), '')))
            t(template, tenant, yearly, suffix)
    ) named(full_name, schedule, command)
) job(name, schedule, command);
COMMIT;
\else
    \warn 'cron.sql needs the tenant: -v tenant=NAME; the head of the file lists all variables'
\endif
-- The next tenant begins with the defaults.
\unset tenant
\unset template
\unset connection
\unset hourly
\unset nightly
\unset yearly
\set ON_ERROR_STOP :tenantry_former
\set QUIET :tenantry_quiet
\unset tenantry_former
\unset tenantry_quiet
