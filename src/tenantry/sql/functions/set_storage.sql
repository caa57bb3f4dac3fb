CREATE OR REPLACE PROCEDURE _wh.set_storage(template_name text, storage text, target_schema text DEFAULT NULL)
LANGUAGE plpgsql AS $$
-- Each year and each tenant is a transaction of its own, so an interrupted call continues where it stopped.
-- As in refresh_window, that rules out SECURITY DEFINER and a search_path of its own: only plain assignments
-- may follow a COMMIT.
DECLARE
    tenant text;
    state jsonb;
    words text;
    done boolean;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    FOREACH tenant IN ARRAY _wh_internal.move_plan(template_name, storage, target_schema) LOOP
        state := NULL;
        COMMIT;
        LOOP
            PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
            state := _wh_internal.move_step(template_name, tenant, storage, state);
            done := state ->> 'phase' = 'done';
            words := CASE
                WHEN state ->> 'phase' = 'wait'
                THEN format('waiting for session %s, which is moving it', state ->> 'pid')
                WHEN NOT done THEN concat_ws(' ', state ->> 'phase', state -> 'left' ->> 0)
                WHEN (state ->> 'moved')::boolean THEN format('moved, rows: %s', state ->> 'rows')
                ELSE format('is already in %s storage', storage) END;
            COMMIT;
            RAISE NOTICE '%.%: %', tenant, template_name, words;
            EXIT WHEN done;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.set_storage IS
    'Move a tenant, or all tenants and future ones, to another storage without the source; reports continue, '
    'and loads wait only for its end';
