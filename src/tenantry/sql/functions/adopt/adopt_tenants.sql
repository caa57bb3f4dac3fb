CREATE OR REPLACE PROCEDURE _wh.adopt_tenants(connections jsonb DEFAULT '{}')
LANGUAGE plpgsql AS $$
-- Each tenant's template is a transaction of its own, so that this can be ended and run again. As in
-- refresh_window, that rules out SECURITY DEFINER and a search_path of its own.
DECLARE
    todo jsonb;
    item jsonb;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    todo := _wh_internal.adopt_begin(connections);
    COMMIT;
    FOR item IN SELECT pg_catalog.jsonb_array_elements(todo) LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        PERFORM _wh_internal.adopt_feed(item ->> 'template_name', item ->> 'connection',
            item ->> 'schema_name');
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.adopt_tenants IS
    'Record what a warehouse by the operations manual''s own scripts holds, after adopt.sql: connections, '
    'templates, tenants and days. `connections` names the connection of a schema where that cannot be told';
