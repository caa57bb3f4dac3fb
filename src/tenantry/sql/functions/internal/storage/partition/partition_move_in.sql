CREATE OR REPLACE FUNCTION _wh_internal.partition_move_in(feed _wh.feeds, side _wh.feeds, folded integer[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The copy becomes the tenant's table without a change.
BEGIN
    EXECUTE format('ALTER TABLE _wh_data.%I RENAME TO %I', _wh_internal.kept_name(side),
        _wh_internal.kept_name(feed));
    PERFORM _wh_internal.note_table(feed, l.relname, 'folded')
        FROM _wh_internal.partition_leaves(feed) l WHERE l.month IS NULL AND l.year = ANY (folded);
END
$$;
