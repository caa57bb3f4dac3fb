-- The schema cron: pg_cron's if it serves this database, otherwise Tenantry's own, with the same tables and
-- functions (sql/cron/). The administrator runs this, after 2_database.sql. It can be repeated.
DO $$
DECLARE
    -- Visible only if the library is loaded, and only to members of pg_read_all_settings.
    served text := (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'cron.database_name');
    wanted text;
    missing text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron')
        AND served = pg_catalog.current_database() THEN
        IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'cron') THEN
            RAISE NOTICE 'pg_cron is available, but a schema "cron" is in its place, with its own jobs'
                USING HINT = 'To switch to pg_cron: DROP SCHEMA cron CASCADE; run this again; schedule the '
                'jobs again.';
        ELSE
            BEGIN
                CREATE EXTENSION pg_cron;
            EXCEPTION WHEN insufficient_privilege THEN
                -- Don't create Tenantry's own schema: it would block the extension.
                RAISE WARNING 'role "%" may not create the extension pg_cron, and jobs need it', current_user
                    USING HINT = 'Ask a superuser to run CREATE EXTENSION pg_cron, then run this again.';
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
        -- pg_cron revokes these two from everybody and leaves the decision to the administrator. Jobs run as
        -- whadmin all the same.
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
        RAISE WARNING 'role "%" may not grant whadmin everything it needs for its jobs: %', current_user,
            missing
            USING HINT = 'Ask the owner of pg_cron to grant these to whadmin.';
    END IF;
    IF NOT pg_catalog.has_schema_privilege('cron', 'CREATE') THEN
        RAISE NOTICE 'role "%" may not add cron.schedule() with five arguments; cron.schedule_in_database() '
            'does the same', current_user;
    END IF;
END
$$;
