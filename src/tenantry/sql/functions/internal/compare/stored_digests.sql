CREATE OR REPLACE FUNCTION _wh_internal.stored_digests(feed _wh.feeds, first_day date, last_day date)
    RETURNS TABLE (day date, digest text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- The digest of what reports see of each day from first_day to last_day, computed as digest_query computes
-- the source's with as_kept.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    types oid[] := ARRAY(SELECT to_regtype(c.data_type)::oid FROM _wh.template_columns c
        WHERE c.template_name = template.template_name ORDER BY c.position);
    rows text := _wh_internal.stored_rows(feed, template, first_day, last_day);
BEGIN
    -- No column of a template may be called schema_name, so the name is free for the day here.
    RETURN QUERY EXECUTE format($q$
        SELECT d.day, '1:' || count(d.hash) || ':' || coalesce(sum(d.hash), 0)
        FROM (SELECT %L::date + n AS day, NULL::bigint AS hash FROM generate_series(0, %s) n
            UNION ALL SELECT q.schema_name, %s FROM (%s) q (%s, schema_name)) d
        GROUP BY d.day$q$,
        to_char(first_day::timestamp, 'YYYY-MM-DD'), last_day - first_day,
            _wh_internal.row_hash(template, types, true), rows,
        _wh_internal.column_list(template.template_name));
END
$$;
