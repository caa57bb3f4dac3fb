CREATE OR REPLACE PROCEDURE _wh.drop_old_storage(template_name text, target_schema text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    WHILE _wh_internal.drop_old(template_name, target_schema, 200) > 0 LOOP
        COMMIT;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.drop_old_storage IS 'Drop the relations of a tenant that set_storage has put aside';
