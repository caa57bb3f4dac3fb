CREATE OR REPLACE FUNCTION _wh_internal.publish_years(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Give each folded year of a tenant a view under its public name, <template>_2024, whatever holds the year;
-- true if something had to change. A table or view that somebody created under this name stays.
DECLARE
    columns _wh.template_columns[] := _wh_internal.tenant_columns(feed);
    template _wh.mv_templates := (SELECT t FROM _wh.mv_templates t
        WHERE t.template_name = feed.template_name);
    part record;
    changed boolean := false;
BEGIN
    FOR part IN
        -- A year that was folded among other tenants' rows may be in several tables.
        SELECT DISTINCT ON (y.name) coalesce(x.root, r.relid) AS relid, y.name,
            CASE WHEN x.root IS NULL THEN '' ELSE ' WHERE ' || _wh_internal.feed_rows(feed,
                _wh_internal.day_predicate(template, date_trunc('year', r.first_day::timestamp)::date,
                (date_trunc('year', r.first_day::timestamp) + interval '1 year')::date - 1)) END AS only,
            _wh_internal.relation_kind(format('%I.%I', feed.schema_name, y.name)) AS kind
        FROM _wh_internal.storage_relations(feed, only_daily => false) r
        CROSS JOIN LATERAL _wh_internal.yearly_name(feed.template_name,
            extract(year FROM r.first_day)::integer) AS y (name)
        LEFT JOIN LATERAL (SELECT _wh_internal.storage_table(feed) AS root
            WHERE (_wh_internal.storage_traits(feed.storage)).shared) x ON true
        WHERE r.folded ORDER BY y.name
    LOOP
        IF part.kind IS NULL OR part.kind = 'v' AND (
            part.relid = ANY (_wh_internal.view_reads(format('%I.%I', feed.schema_name, part.name)::regclass))
            OR part.name IN (SELECT v.relname FROM _wh_internal.year_views(feed) v)) THEN
            changed := _wh_internal.replace_view(feed.schema_name, part.name, format('SELECT %s FROM %s%s',
                _wh_internal.select_list(part.relid, columns,
                _wh_internal.day_value(template, part.relid)), part.relid::regclass, part.only)) OR changed;
        END IF;
    END LOOP;
    FOR part IN
        SELECT v.relid FROM _wh_internal.year_views(feed) v WHERE right(v.relname, 4)::integer NOT IN (
            SELECT f.year FROM _wh_internal.folded_years(feed) f)
    LOOP
        PERFORM _wh_internal.execute_patiently(format('DROP VIEW %s', part.relid::regclass));
        changed := true;
    END LOOP;
    RETURN changed;
END
$$;
