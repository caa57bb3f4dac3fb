CREATE OR REPLACE FUNCTION _wh_internal.fit_relation(template_name text, target_schema text, kind text, relname text, slice_date date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Mend one of unfit_relations, without asking the source; nothing to do if that was done meanwhile.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    target regclass := to_regclass(format('%I.%I', target_schema, relname));
BEGIN
    IF kind = 'ranges' THEN
        PERFORM _wh_internal.partition_rerange(feed, template);
        RETURN;
    END IF;
    feed := _wh_internal.hold_feed(feed);
    IF slice_date IS NOT NULL THEN
        PERFORM _wh_internal.lock_slice(feed, slice_date);
    END IF;
    IF NOT EXISTS (SELECT FROM _wh_internal.unfit_relations(feed) u WHERE u.kind = fit_relation.kind AND u.relname = fit_relation.relname) THEN
        RETURN;
    END IF;
    IF kind = 'columns' AND feed.storage = 'partition' THEN
        PERFORM _wh_internal.partition_columns(template, target);
    ELSIF kind = 'former' THEN
        PERFORM _wh_internal.execute_patiently(format('DROP TABLE %s', target));
    ELSIF kind = 'columns' THEN
        PERFORM _wh_internal.year_columns(feed, template, target);
    ELSE
        PERFORM _wh_internal.fit_indexes(feed, target);
        UPDATE _wh.slices s SET index_hash = _wh_internal.template_index_hash(feed.template_name)
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.slice_date = fit_relation.slice_date;
    END IF;
END
$$;
