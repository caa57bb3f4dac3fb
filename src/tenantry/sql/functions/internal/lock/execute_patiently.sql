CREATE OR REPLACE FUNCTION _wh_internal.execute_patiently(statements text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Run statements that need relations to themselves. A report at work holds what they need: rather than wait
-- in front of every new report, or in a ring with one, let go after a moment and try again; for ten minutes
-- at the most. After ten seconds the moment grows, so that reports which follow each other closely cannot
-- keep it out, but not to PostgreSQL's deadlock_timeout: it is never the report that gives way. What runs
-- inside such statements is part of them, and lets go with them.
DECLARE
    former text := current_setting('lock_timeout');
    moment integer := 100;
    begun timestamptz := clock_timestamp();
BEGIN
    IF current_setting('tenantry.patient', true) = 'yes' THEN
        EXECUTE statements;
        RETURN;
    END IF;
    LOOP
        BEGIN
            PERFORM set_config('lock_timeout', moment::text, true),
                set_config('tenantry.patient', 'yes', true);
            EXECUTE statements;
            PERFORM set_config('lock_timeout', former, true), set_config('tenantry.patient', '', true);
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF clock_timestamp() > begun + interval '10 minutes' THEN
                RAISE EXCEPTION 'reports kept the views in use for ten minutes'
                    USING ERRCODE = 'lock_not_available',
                    HINT = 'Try again when the long reports have ended.';
            END IF;
            PERFORM pg_sleep(0.2);
            moment := least(moment + 50, CASE WHEN clock_timestamp() > begun + interval '10 seconds' THEN 500
                ELSE 150 END);
        END;
    END LOOP;
END
$$;
