CREATE OR REPLACE FUNCTION _wh_internal.await_lock(key bigint, together boolean, what text,
    for_session boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take an advisory lock until the transaction ends, or `for_session`; shared with others if `together`. Who
-- has waited for three seconds is told for what, and who holds it; after two hours the wait ends. A
-- lock_timeout of the caller's own is left to end it before. Nobody waits for a session that has no business
-- with these locks: where PostgreSQL lets everybody take them, a reader can.
DECLARE
    own CONSTANT text := current_setting('lock_timeout');
    most text;
    strangers text;
BEGIN
    IF (CASE WHEN for_session THEN pg_try_advisory_lock(key) WHEN together
        THEN pg_try_advisory_xact_lock_shared(key)
        ELSE pg_try_advisory_xact_lock(key) END) THEN
        RETURN;
    END IF;
    FOREACH most IN ARRAY CASE own WHEN '0' THEN '{3s,2h}'::text[] ELSE ARRAY[own] END LOOP
        strangers := _wh_internal.lock_holders(key, true);
        IF strangers IS NOT NULL THEN
            RAISE EXCEPTION 'cannot wait for %: % keeps it locked, and has no business with it', what,
                strangers
                USING ERRCODE = 'lock_not_available',
                    HINT = 'Ask the administrator to end that session with pg_terminate_backend(), and run '
                    'this again.';
        END IF;
        BEGIN
            PERFORM set_config('lock_timeout', most, true);
            IF for_session THEN
                PERFORM pg_advisory_lock(key);
            ELSIF together THEN
                PERFORM pg_advisory_xact_lock_shared(key);
            ELSE
                PERFORM pg_advisory_xact_lock(key);
            END IF;
            PERFORM set_config('lock_timeout', own, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            IF own = '0' AND most = '3s' THEN
                RAISE NOTICE 'waiting for %, held by %', what,
                    coalesce(_wh_internal.lock_holders(key), 'nobody any more');
            ELSE
                RAISE EXCEPTION 'gave up waiting for %, held by %', what,
                    coalesce(_wh_internal.lock_holders(key), 'nobody any more')
                    USING ERRCODE = 'lock_not_available',
                        HINT = 'Run this again when that session has ended.';
            END IF;
        END;
    END LOOP;
END
$$;
