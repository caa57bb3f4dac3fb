-- The schema cron: pg_cron's where this database is the one that it serves, else Tenantry's own, with the
-- same tables and functions (sql/cron/). Run by the administrator, after 2_database.sql. May be repeated.
DO $$
DECLARE
    -- Shown only where the library is loaded, to members of pg_read_all_settings.
    served text := (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'cron.database_name');
    wanted text;
    missing text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron')
        AND served = pg_catalog.current_database() THEN
        IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'cron') THEN
            RAISE NOTICE 'pg_cron is at hand, but a schema "cron" is in its place, with jobs of its own'
                USING HINT = 'To change over: DROP SCHEMA cron CASCADE; run this again; schedule the jobs '
                'again.';
        ELSE
            BEGIN
                CREATE EXTENSION pg_cron;
            EXCEPTION WHEN insufficient_privilege THEN
                -- No schema of our own then: it would stand in the extension's way.
                RAISE WARNING 'role "%" may not create the extension pg_cron, and jobs need it', current_user
                    USING HINT = 'Let a superuser run CREATE EXTENSION pg_cron, then run this again.';
                RETURN;
            END;
        END IF;
    END IF;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        CREATE SCHEMA IF NOT EXISTS cron AUTHORIZATION whadmin;
        RETURN;
    END IF;

    FOR wanted IN
        SELECT 'USAGE ON SCHEMA cron'
        UNION ALL SELECT 'SELECT, UPDATE, DELETE ON cron.job'
        UNION ALL SELECT 'SELECT, DELETE ON cron.job_run_details'
        -- pg_cron keeps these two from everybody, for the administrator to decide. Jobs run as whadmin all
        -- the same.
        UNION ALL SELECT pg_catalog.format('EXECUTE ON FUNCTION %s', p.oid::regprocedure)
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'cron'
            WHERE p.proname IN ('schedule', 'schedule_in_database', 'unschedule', 'alter_job')
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('GRANT %s TO whadmin', wanted);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
    SELECT pg_catalog.string_agg(r.wanted, '; ') INTO missing
    FROM (VALUES
        ('USAGE ON SCHEMA cron', pg_catalog.has_schema_privilege('whadmin', 'cron', 'USAGE')),
        ('UPDATE ON cron.job', pg_catalog.has_table_privilege('whadmin', 'cron.job', 'UPDATE')),
        ('DELETE ON cron.job', pg_catalog.has_table_privilege('whadmin', 'cron.job', 'DELETE'))
    ) r(wanted, has) WHERE NOT r.has;
    IF missing IS NOT NULL THEN
        RAISE WARNING 'role "%" may not give whadmin all that it needs to keep its jobs: %', current_user,
            missing
            USING HINT = 'Let the owner of pg_cron grant these to whadmin.';
    END IF;
    IF NOT pg_catalog.has_schema_privilege('cron', 'CREATE') THEN
        RAISE NOTICE 'role "%" may not add cron.schedule() with five arguments; cron.schedule_in_database() '
            'does the same', current_user;
    END IF;
END
$$;
