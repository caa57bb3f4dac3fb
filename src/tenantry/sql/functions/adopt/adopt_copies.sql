CREATE OR REPLACE PROCEDURE _wh.adopt_copies(at_most integer DEFAULT NULL)
LANGUAGE plpgsql AS $$
-- Each copy is a transaction of its own. As in refresh_window, that rules out SECURITY DEFINER and a
-- search_path of its own.
DECLARE
    todo pg_catalog.oid[];
    item pg_catalog.oid;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
    todo := _wh_internal.adopt_uncopied(at_most);
    COMMIT;
    FOREACH item IN ARRAY todo LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        PERFORM _wh_internal.adopt_copy(item);
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.adopt_copies IS
    'Make daily views whose definitions hold a password again beside themselves, without their sources, for '
    'adopt.sql to put in their places';
