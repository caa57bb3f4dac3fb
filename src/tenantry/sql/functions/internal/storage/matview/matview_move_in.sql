CREATE OR REPLACE FUNCTION _wh_internal.matview_move_in(feed _wh.feeds, side _wh.feeds, folded integer[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The copy's parts become yearly tables. A year that was not folded is open: it has the days that are
-- recorded.
DECLARE
    parent regclass := _wh_internal.kept_relation(_wh_internal.kept_name(side))::regclass;
BEGIN
    EXECUTE concat((SELECT string_agg(
            format('ALTER TABLE %s DETACH PARTITION %s; ', parent, i.inhrelid::regclass), '')
        FROM pg_inherits i WHERE i.inhparent = parent), format('DROP TABLE %s', parent));
    PERFORM _wh_internal.note_table(feed, y.relname, 'open') FROM _wh_internal.year_relations(feed) y
        WHERE y.year <> ALL (folded);
END
$$;
