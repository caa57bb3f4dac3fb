CREATE OR REPLACE FUNCTION _wh_internal.shared_table(template _wh.mv_templates, storage text) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The table in which tenants share a storage, partitioned by time. Its rows name their tenant; a COPY by the
-- loader leaves the name to the default.
DECLARE
    name text := _wh_internal.shared_name(template.template_name, storage);
    target oid := _wh_internal.kept_relation(name);
    traits _wh.storages := _wh_internal.storage_traits(storage);
    ranged text;
BEGIN
    IF template.time_column IS NULL THEN
        RAISE EXCEPTION 'template "%": % storage needs a time_column', template.template_name, storage
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('UPDATE _wh.mv_templates SET time_column = ... WHERE template_name = %L',
                template.template_name);
    END IF;
    IF target IS NULL THEN
        PERFORM _wh_internal.lock_view('public', template.template_name);
        target := _wh_internal.kept_relation(name);
    END IF;
    IF target IS NULL THEN
        IF EXISTS (SELECT FROM _wh.template_indexes i WHERE i.template_name = template.template_name
            AND i.position IS NOT NULL AND i.definition ~ '[{][A-Za-z_]+[}]') THEN
            RAISE EXCEPTION 'template "%": an index whose definition names the tenant cannot be shared',
                template.template_name USING ERRCODE = 'feature_not_supported',
                HINT = 'Take the placeholder out of the index''s definition, or choose another storage.';
        END IF;
        EXECUTE format(E'CREATE TABLE _wh_data.%I (schema_name text NOT NULL%s, %s\n) PARTITION BY RANGE '
            '(%I)', name, CASE WHEN NOT traits.distributed
            THEN ' DEFAULT nullif(current_setting(''tenantry.tenant'', true), '''')' END,
            _wh_internal.declared_columns(template.template_name), template.time_column);
        target := _wh_internal.kept_relation(name);
        IF traits.distributed THEN
            PERFORM _wh_internal.distribute(target::regclass);
        END IF;
    END IF;
    ranged := _wh_internal.partition_outranged(template, target::regclass);
    IF ranged IS NOT NULL THEN
        RAISE EXCEPTION '% is partitioned by "%", not by the template''s current time column "%"',
            target::regclass, ranged, template.time_column
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Set the time column back, move the tenants (tenantry template set-storage %s '
                'partition), change it, and move them back.', template.template_name);
    END IF;
    RETURN target::regclass;
END
$$;
