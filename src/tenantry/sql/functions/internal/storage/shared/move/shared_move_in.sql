CREATE OR REPLACE FUNCTION _wh_internal.shared_move_in(feed _wh.feeds, side _wh.feeds, folded integer[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- shared_take has taken in the rows of the copy, which goes. A year that was folded stays so.
BEGIN
    EXECUTE format('DROP TABLE _wh_data.%I', _wh_internal.kept_name(side));
    PERFORM _wh_internal.note_table(feed, l.relname, 'folded')
    FROM _wh_internal.shared_leaves(feed.template_name, feed.storage) l
    WHERE extract(year FROM l.first_day) = ANY (folded);
END
$$;
