CREATE OR REPLACE FUNCTION _wh_internal.shared_fit_indexes(template _wh.mv_templates, storage text)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the indexes of the tables that tenants share up to date with the template. The caller holds the
-- public view's lock. Rows that violate a new unique index are an error in the log: the others are loaded
-- meanwhile.
DECLARE
    distributed boolean := (_wh_internal.storage_traits(storage)).distributed;
    change record;
BEGIN
    FOR change IN SELECT * FROM _wh_internal.shared_unfit_indexes(template, storage) u LOOP
        BEGIN
            PERFORM _wh_internal.execute_patiently(_wh_internal.spread(distributed, change.statement));
        EXCEPTION WHEN unique_violation THEN
            PERFORM _wh_internal.write_log('fit_indexes', 'ERROR', format('%s has no index "%s" yet: %s',
                change.relid::regclass, change.index_name, SQLERRM), jsonb_build_object('template_name',
                template.template_name));
        END;
    END LOOP;
END
$$;
