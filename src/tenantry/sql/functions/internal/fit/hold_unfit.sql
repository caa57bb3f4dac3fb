CREATE OR REPLACE FUNCTION _wh_internal.hold_unfit(feed _wh.feeds, kind text, relname text, slice_date date)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Lock one of unfit_relations to mend it; false if that was done meanwhile.
BEGIN
    feed := _wh_internal.hold_feed(feed);
    IF slice_date IS NOT NULL THEN
        PERFORM _wh_internal.lock_slice(feed, slice_date);
    END IF;
    RETURN EXISTS (SELECT FROM _wh_internal.unfit_relations(feed) u WHERE u.kind = hold_unfit.kind
        AND u.relname = hold_unfit.relname);
END
$$;
