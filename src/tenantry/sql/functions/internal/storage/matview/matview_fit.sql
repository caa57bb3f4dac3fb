CREATE OR REPLACE FUNCTION _wh_internal.matview_fit(feed _wh.feeds, template _wh.mv_templates, kind text,
    relname text, slice_date date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    target regclass := CASE WHEN slice_date IS NULL
        THEN (SELECT y.relid FROM _wh_internal.year_relations(feed) y
        WHERE y.relname = matview_fit.relname)::regclass
        ELSE to_regclass(format('%I.%I', feed.schema_name, relname)) END;
BEGIN
    IF NOT _wh_internal.hold_unfit(feed, kind, relname, slice_date) THEN
        RETURN;
    ELSIF kind = 'columns' THEN
        PERFORM _wh_internal.year_columns(feed, template, target);
    ELSE
        PERFORM _wh_internal.fit_indexes(feed, target);
        UPDATE _wh.slices s SET index_hash = _wh_internal.template_index_hash(feed.template_name)
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = matview_fit.slice_date;
    END IF;
END
$$;
