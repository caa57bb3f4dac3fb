CREATE OR REPLACE FUNCTION _wh_internal.partition_tenant(feed _wh.feeds, template _wh.mv_templates)
    RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A tenant's table in _wh_data, partitioned by time, itself a partition of the table of all tenants. It is
-- attached rather than created as a partition, because attaching locks out no reader of the parent. Its
-- CHECK spares ATTACH a scan.
DECLARE
    name text := _wh_internal.kept_name(feed);
    target oid := _wh_internal.kept_relation(name);
    outranged text;
BEGIN
    IF template.time_column IS NULL THEN
        RAISE EXCEPTION 'template "%": partition storage needs a time_column', template.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('UPDATE _wh.mv_templates SET time_column = ... WHERE template_name = %L',
                template.template_name);
    END IF;
    IF target IS NULL THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
        PERFORM _wh_internal.settle_feed(feed);
        target := _wh_internal.kept_relation(name);
    END IF;
    IF target IS NULL AND EXISTS (SELECT FROM _wh_internal.feed_relations(feed)) THEN
        RAISE EXCEPTION '%.% is kept as materialized views, not in partitions', feed.schema_name,
            feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Move it: tenantry template set-storage %s partition', template.template_name);
    ELSIF target IS NULL THEN
        EXECUTE format(E'CREATE TABLE _wh_data.%I (schema_name text NOT NULL DEFAULT %L CONSTRAINT '
            'schema_name_check CHECK (schema_name = %L), %s\n) PARTITION BY RANGE (%I)',
            name, feed.schema_name, feed.schema_name,
                _wh_internal.declared_columns(template.template_name), template.time_column);
        target := _wh_internal.kept_relation(name);
        PERFORM _wh_internal.storage_publish_public(template), _wh_internal.storage_publish_tenant(feed);
    END IF;
    outranged := _wh_internal.partition_outranged(template, target::regclass);
    IF outranged IS NOT NULL THEN
        RAISE EXCEPTION '% is partitioned by "%", not by the template''s current time column "%"',
            target::regclass,
            outranged, template.time_column
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Repartition it: tenantry backfill %s --tenant %s --outdated',
                template.template_name, feed.schema_name);
    END IF;
    RETURN target::regclass;
END
$$;
