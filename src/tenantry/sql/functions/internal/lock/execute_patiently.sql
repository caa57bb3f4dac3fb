CREATE OR REPLACE FUNCTION _wh_internal.execute_patiently(statements text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Run statements that need exclusive locks on relations. A running report holds what they need. Waiting would
-- block every new report, or deadlock with one, so release the locks after a moment and try again, for at
-- most ten minutes. After ten seconds, each attempt waits longer, so that reports that follow each other
-- closely cannot block it forever. It always waits less than PostgreSQL's deadlock_timeout, so that no report
-- is ever ended. Where tenantry.most_wait says so, it waits at most so many milliseconds,
-- but more often. A call inside such statements is part of them, and releases its locks with them.
DECLARE
    former text := current_setting('lock_timeout');
    most integer := nullif(current_setting('tenantry.most_wait', true), '')::integer;
    moment integer := least(100, most);
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
            PERFORM pg_sleep(CASE WHEN most IS NULL THEN 0.2 ELSE 0.02 END);
            moment := least(moment + 50, most,
                CASE WHEN clock_timestamp() > begun + interval '10 seconds' THEN 500 ELSE 150 END);
        END;
    END LOOP;
END
$$;
