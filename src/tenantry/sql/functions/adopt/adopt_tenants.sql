CREATE OR REPLACE PROCEDURE _wh.adopt_tenants(connections jsonb DEFAULT '{}')
LANGUAGE plpgsql AS $$
-- Each step is a transaction of its own, so that this can be ended and run again, and no report waits for
-- more than one step. As in refresh_window, that rules out SECURITY DEFINER and a search_path of its own.
DECLARE
    feeds jsonb;
    item jsonb;
    template text;
    step integer;
    more boolean;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    feeds := _wh_internal.adopt_begin(connections);
    COMMIT;
    FOR item IN SELECT pg_catalog.jsonb_array_elements(feeds) LOOP
        template := item ->> 'template_name';
        step := 1;
        WHILE step <= 4 LOOP
            PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin(),
                pg_catalog.set_config('tenantry.most_wait', '80', true);
            more := false;
            IF step = 1 THEN
                more := _wh_internal.adopt_feed(template, item ->> 'connection', item ->> 'schema_name',
                    100);
            ELSIF step = 2 THEN
                more := _wh_internal.adopt_settle(template, item ->> 'schema_name');
            ELSIF step = 3 THEN
                PERFORM _wh_internal.adopt_publish(template, item ->> 'schema_name');
            ELSE
                PERFORM _wh_internal.adopt_years(template, item ->> 'schema_name');
            END IF;
            COMMIT;
            IF NOT more THEN
                step := step + 1;
            END IF;
        END LOOP;
    END LOOP;
    FOR template IN SELECT DISTINCT f.value ->> 'template_name'
        FROM pg_catalog.jsonb_array_elements(feeds) AS f (value)
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin(),
            pg_catalog.set_config('tenantry.most_wait', '80', true);
        PERFORM _wh_internal.adopt_publish(template);
        COMMIT;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        PERFORM _wh.update_public_view_by_template(template);
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.adopt_tenants IS
    'Record what a warehouse by the operations manual''s own scripts holds, after adopt.sql: connections, '
    'templates, tenants and days. `connections` names the connection of a schema where that cannot be told';
