CREATE OR REPLACE FUNCTION _wh_internal.matview_replace(feed _wh.feeds, template _wh.mv_templates, slice_date date, old regclass) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a slice anew from the template as it is now, beside the old one, which goes on serving reports. publish_tenant
-- puts it in its place; the caller sees to that.
DECLARE
    fresh regclass;
    index record;
BEGIN
    -- The new indexes take these names. Renaming an index does not keep reports from it.
    FOR index IN SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = old LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', index.indexrelid::regclass, 'tenantry_old_' || index.indexrelid);
    END LOOP;
    fresh := _wh_internal.matview_create(feed, template, slice_date,
        _wh_internal.fresh_name(_wh.create_mv_name(template.template_name, slice_date)));
    -- Where the template names an index not, PostgreSQL does, after the relation.
    FOR index IN SELECT i.indexrelid, substr(c.relname::text, length('tenantry_new_') + 1) AS name
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = fresh AND c.relname ~ '^tenantry_new_'
    LOOP
        IF to_regclass(format('%I.%I', feed.schema_name, index.name)) IS NULL THEN
            EXECUTE format('ALTER INDEX %s RENAME TO %I', index.indexrelid::regclass, index.name);
        END IF;
    END LOOP;
    RETURN fresh;
END
$$;
