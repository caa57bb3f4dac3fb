CREATE OR REPLACE FUNCTION _wh_internal.move_sums(feed _wh.feeds, template _wh.mv_templates, day date)
    RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Rows and sums of a day as stored and as copied, as text.
DECLARE
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
    predicate text := _wh_internal.day_predicate(template, day, day);
    sums text := concat_ws(', ', '''rows'', count(*)',
        (SELECT string_agg(format('%L, sum(%I)', c.column_name, c.column_name), ', ' ORDER BY c.position)
        FROM _wh.template_columns c JOIN pg_type t ON t.oid = to_regtype(c.data_type) AND t.typcategory = 'N'
        WHERE c.template_name = template.template_name));
    kept jsonb;
    copied jsonb;
BEGIN
    EXECUTE format('SELECT jsonb_build_object(%s) FROM (%s) q WHERE %s', sums,
        (SELECT string_agg(s.body, ' UNION ALL ')
        FROM _wh_internal.move_sources(feed, template, extract(year FROM day)::integer) s
            WHERE day BETWEEN s.first_day AND s.last_day), predicate) INTO kept;
    EXECUTE format('SELECT jsonb_build_object(%s) FROM _wh_data.%I WHERE %s', sums,
        _wh_internal.kept_name(side), predicate) INTO copied;
    RETURN format('kept %s, copied %s', kept, copied);
END
$$;
