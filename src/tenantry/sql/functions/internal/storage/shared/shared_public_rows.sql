CREATE OR REPLACE FUNCTION _wh_internal.shared_public_rows(template _wh.mv_templates, feeds _wh.feeds[])
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table that these tenants share, once for all of them.
DECLARE
    root regclass := _wh_internal.shared_table(template, feeds[1].storage);
BEGIN
    PERFORM _wh_internal.fit_columns(template, root);
    RETURN format('SELECT schema_name, %s FROM %s', _wh_internal.select_list(root,
        _wh_internal.shown_columns(template.template_name), _wh_internal.day_value(template, root)), root);
END
$$;
