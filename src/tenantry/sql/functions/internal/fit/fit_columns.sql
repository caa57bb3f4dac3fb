CREATE OR REPLACE FUNCTION _wh_internal.fit_columns(template _wh.mv_templates, target regclass,
    extras boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Give a table that reports read the columns that its template has got since, or has widened (table_changes).
-- What a public view reads is changed under that view.
DECLARE
    top regclass := coalesce((SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = target), target);
    changes text := _wh_internal.table_changes(template, target, extras);
BEGIN
    IF changes IS NOT NULL AND top = target
        AND _wh_internal.relation_kind(_wh_internal.partition_root(template)) = 'v' THEN
        PERFORM _wh_internal.lock_view('public', template.template_name);
        PERFORM _wh_internal.union_publish(template);
        PERFORM _wh_internal.describe_view('public', _wh_internal.fit_name(template.template_name), template);
        changes := _wh_internal.table_changes(template, target, extras);
    END IF;
    IF changes IS NOT NULL THEN
        PERFORM _wh_internal.execute_patiently(format('ALTER TABLE %s %s', top, changes));
    END IF;
END
$$;
