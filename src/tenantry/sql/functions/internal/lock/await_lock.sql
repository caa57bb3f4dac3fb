CREATE OR REPLACE FUNCTION _wh_internal.await_lock(key bigint, together boolean, what text,
    for_session boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take an advisory lock until the transaction ends, or with `for_session` until the session ends; `together`
-- shares it with others. After three seconds, a notice says what the session waits for and who holds the
-- lock. After two hours, the wait ends; a lock_timeout set by the caller ends it earlier. The function
-- refuses to wait for a session that has no rights here: where PostgreSQL lets everybody take advisory locks,
-- a reader can take these, too.
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
            RAISE EXCEPTION 'cannot wait for %: % holds its lock, and has no rights on the warehouse', what,
                strangers
                USING ERRCODE = 'lock_not_available',
                    HINT = 'Ask the administrator to end that session with pg_terminate_backend(), then run '
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
                    coalesce(_wh_internal.lock_holders(key), 'a session that has ended');
            ELSE
                RAISE EXCEPTION 'gave up waiting for %, held by %', what,
                    coalesce(_wh_internal.lock_holders(key), 'a session that has ended')
                    USING ERRCODE = 'lock_not_available',
                        HINT = 'Run this again when that session has ended.';
            END IF;
        END;
    END LOOP;
END
$$;
