CREATE OR REPLACE FUNCTION _wh_internal.shared_take(feed _wh.feeds, template _wh.mv_templates, storage text,
    side _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take the rows of a move's copy into the shared tables, before the step that switches the views and that no
-- report should wait for: nobody sees them until the transaction ends. The records are bound to these tables.
DECLARE
    target _wh.feeds := jsonb_populate_record(feed, jsonb_build_object('storage', storage));
    columns text := _wh_internal.column_list(template.template_name);
    fillings oid[] := ARRAY(SELECT pg_relation_filenode(l.relid) FROM _wh_internal.partition_leaves(side) l);
    root regclass := _wh_internal.shared_table(template, storage);
BEGIN
    PERFORM _wh_internal.shared_leaf(target, template, d::date)
    FROM _wh_internal.partition_leaves(side) l
    CROSS JOIN LATERAL generate_series(make_date(l.year, coalesce(l.month, 1), 1)::timestamp,
        make_date(l.year, coalesce(l.month, 12), 1)::timestamp, '1 month') d;
    EXECUTE format('DELETE FROM %s WHERE schema_name = %L', root, feed.schema_name);
    EXECUTE format('INSERT INTO %s (schema_name, %s) SELECT %L, %s FROM _wh_data.%I', root, columns,
        feed.schema_name, columns, _wh_internal.kept_name(side));
    PERFORM _wh_internal.bind_days(target, l.relid::regclass, l.first_day, l.last_day, fillings)
    FROM _wh_internal.shared_leaves(feed.template_name, storage) l;
END
$$;
