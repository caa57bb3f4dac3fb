CREATE OR REPLACE FUNCTION _wh.cancel_action(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: cancel an action that the caller could ask for. One that waits is cancelled at once; one
-- that runs is stopped by its worker, and what it has committed stays. Returns the action's state.
DECLARE
    who CONSTANT text := _wh_internal.acting_role();
    asked _wh.actions;
BEGIN
    SELECT * INTO asked FROM _wh.actions a WHERE a.id = cancel_action.id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no action %', id
            USING ERRCODE = 'undefined_object', HINT = 'See: tenantry action list';
    ELSIF NOT _wh_internal.may_request(who, asked.kind, asked.arguments) THEN
        RAISE EXCEPTION 'role "%" may not cancel action %, a %', who, id, asked.kind
            USING ERRCODE = 'insufficient_privilege', HINT = 'Log in as whadmin or a member of it.';
    ELSIF asked.state NOT IN ('waiting', 'running') OR asked.cancel_requested_at IS NOT NULL THEN
        RETURN asked.state;
    END IF;
    UPDATE _wh.actions a SET cancel_requested_at = clock_timestamp(), cancelled_by = session_user,
        state = CASE WHEN a.state = 'waiting' THEN 'cancelled' ELSE a.state END,
        ended_at = CASE WHEN a.state = 'waiting' THEN clock_timestamp() END,
        result = CASE WHEN a.state = 'waiting' THEN 'cancelled before it began' END
        WHERE a.id = asked.id RETURNING a.state INTO asked.state;
    PERFORM _wh_internal.audit('cancel_action', format('%s: %s %s', id, asked.kind, asked.arguments), 'done');
    RETURN asked.state;
END
$$;
COMMENT ON FUNCTION _wh.cancel_action IS 'For operators: cancel an action that waits or runs';
