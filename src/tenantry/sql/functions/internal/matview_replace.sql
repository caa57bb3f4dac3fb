CREATE OR REPLACE FUNCTION _wh_internal.matview_replace(feed _wh.feeds, template _wh.mv_templates, slice_date date, old regclass) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a slice anew from the template as it is now, beside the old one, which goes on serving reports. publish_tenant
-- puts it in its place; the caller sees to that.
DECLARE
    index regclass;
BEGIN
    -- The new indexes take these names. Renaming an index does not keep reports from it.
    FOR index IN SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = old LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', index, 'tenantry_old_' || index::oid);
    END LOOP;
    RETURN _wh_internal.matview_create(feed, template, slice_date,
        _wh_internal.fresh_name(_wh.create_mv_name(template.template_name, slice_date)));
END
$$;
