CREATE OR REPLACE FUNCTION _wh_internal.fit_relation(template_name text, target_schema text, kind text,
    relname text, slice_date date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Mend one of unfit_relations without querying the source; nothing to do if that was done meanwhile.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
BEGIN
    IF kind = 'place' THEN
        -- The first of them includes the others.
        PERFORM _wh_internal.settle_feed(_wh_internal.hold_feed(feed));
    ELSE
        PERFORM _wh_internal.storage_fit(feed, _wh_internal.feed_template(feed), kind, relname,
            slice_date);
    END IF;
END
$$;
