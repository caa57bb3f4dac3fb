CREATE OR REPLACE FUNCTION _wh_internal.matview_load(feed _wh.feeds, template _wh.mv_templates,
    slice_date date,
    OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lc_monetary = 'C' AS $$
-- Create, refresh or replace one slice in matview storage. The caller holds the slice's lock. Times that the
-- source returns without a time zone are UTC, and money is written as in the source's session.
DECLARE
    name text := _wh.create_mv_name(template.template_name, slice_date);
    relation regclass;
    yearly regclass;
    made_by text;
BEGIN
    SELECT y.relid INTO yearly FROM _wh_internal.year_relations(feed) y
        WHERE y.year = extract(year FROM slice_date);
    relation := to_regclass(format('%I.%I', feed.schema_name, name));
    IF yearly IS NOT NULL THEN
        action := 'replaced in year';
        row_count := _wh_internal.matview_replace_in_year(feed, template, slice_date, yearly);
    ELSIF relation IS NULL THEN
        action := 'created';
        row_count := _wh_internal.refuse_foreign_rows(_wh_internal.matview_create(feed, template,
            slice_date), template, slice_date);
    ELSE
        SELECT s.definition_hash INTO made_by FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date = matview_load.slice_date;
        -- A refresh that is not concurrent would block reports on the slice, and sessions that write the
        -- view.
        IF made_by <> _wh_internal.definition_hash(template)
            OR NOT _wh_internal.can_refresh_concurrently(relation)
            -- One that somebody's view reads, as of a day made by hand, stays. It has the same rows.
            OR _wh_internal.picks_by_place(relation, feed, template)
            AND _wh_internal.operators_dependents(ARRAY[relation::oid], array_remove(ARRAY[to_regclass(format(
                '%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))::oid], NULL)) IS NULL
        THEN
            action := 'replaced';
            relation := _wh_internal.matview_replace(feed, template, slice_date, relation);
        ELSE
            action := 'refreshed';
            PERFORM _wh_internal.fit_indexes(feed, relation);
            PERFORM _wh_internal.refresh_relation(relation);
        END IF;
        row_count := _wh_internal.refuse_foreign_rows(relation, template, slice_date);
    END IF;
END
$$;
