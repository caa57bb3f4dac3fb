CREATE OR REPLACE PROCEDURE _wh.fit_storage(template_name text, target_schema text DEFAULT NULL)
LANGUAGE plpgsql AS $$
-- Each table and view is a transaction of its own. As in refresh_window, that rules out SECURITY DEFINER and
-- a search_path of its own: only plain assignments may follow a COMMIT.
DECLARE
    todo jsonb;
    item jsonb;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    todo := _wh_internal.unfit_plan(template_name, target_schema);
    COMMIT;
    FOR item IN SELECT pg_catalog.jsonb_array_elements(todo) LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        PERFORM _wh_internal.fit_relation(template_name, item ->> 'schema_name', item ->> 'kind',
            item ->> 'relname', (item ->> 'slice_date')::pg_catalog.date);
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.fit_storage IS
    'Fit the tables and daily views of a tenant, or of all tenants, to their template''s columns, types, '
    'indexes and time column, without a source';
