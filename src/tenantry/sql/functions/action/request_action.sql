CREATE OR REPLACE FUNCTION _wh.request_action(kind text, arguments jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: ask for work that a worker does, as whadmin. Returns its id; if the same is waiting or
-- running, the id of that. Limits the number that waits, because nobody else does.
#variable_conflict use_column
DECLARE
    who CONSTANT text := _wh_internal.acting_role();
    given CONSTANT jsonb := _wh_internal.checked_arguments(kind, arguments);
    number bigint;
BEGIN
    IF NOT _wh_internal.may_request(who, kind, given) THEN
        RAISE EXCEPTION 'role "%" may not ask for %', who,
            kind || CASE WHEN given ? 'outdated' THEN ' with outdated' ELSE '' END
            USING ERRCODE = 'insufficient_privilege', HINT = 'Log in as whadmin or a member of it.';
    END IF;
    IF (SELECT count(*) FROM _wh.actions a WHERE a.state IN ('waiting', 'running')) >= 1000 THEN
        RAISE EXCEPTION '1,000 actions are waiting already'
            USING ERRCODE = 'program_limit_exceeded', HINT = 'See: tenantry action list';
    END IF;
    LOOP
        INSERT INTO _wh.actions (kind, arguments, login, role)
            VALUES (request_action.kind, given, session_user, who)
            ON CONFLICT (kind, arguments)
            WHERE state IN ('waiting', 'running') AND cancel_requested_at IS NULL
            DO NOTHING RETURNING id INTO number;
        IF number IS NOT NULL THEN
            PERFORM _wh_internal.audit('request_action', format('%s: %s %s', number, kind, given), 'done');
            EXIT;
        END IF;
        -- It may end between these two statements.
        SELECT a.id INTO number FROM _wh.actions a
            WHERE a.kind = request_action.kind AND a.arguments = given
                AND a.state IN ('waiting', 'running') AND a.cancel_requested_at IS NULL;
        EXIT WHEN number IS NOT NULL;
    END LOOP;
    RETURN number;
END
$$;
COMMENT ON FUNCTION _wh.request_action IS 'For operators: ask for work that a worker does, such as a load';
