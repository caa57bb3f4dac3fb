CREATE OR REPLACE PROCEDURE _wh.fold_in_steps(template_name text, target_schema text, target_year integer)
LANGUAGE plpgsql AS $$
-- Each step is a transaction of its own, so reports wait for the change of the tenant's view alone, and an
-- interrupted call continues where it stopped. As in refresh_window, that rules out SECURITY DEFINER and a
-- search_path of its own: only plain assignments may follow a COMMIT.
DECLARE
    begun boolean := false;
    done boolean;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin();
        done := _wh_internal.fold_feed(template_name, target_schema, target_year, true, begun)
            ->> 'next' IS NULL;
        COMMIT;
        EXIT WHEN done;
        begun := true;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE _wh.fold_in_steps IS
    'Fold a closed year of a tenant, or finish a fold that was stopped; reports only wait for the change of '
    'the view';
