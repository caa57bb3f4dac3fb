CREATE OR REPLACE FUNCTION _wh_internal.partition_public_rows(template _wh.mv_templates, feeds _wh.feeds[])
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Attach every tenant's table to the table of all tenants, and publish that. The type of its time column
-- cannot be changed in place: tables that are already repartitioned stay beside it until it has no other,
-- and then it takes the new type itself.
DECLARE
    name text := _wh_internal.partition_root(template);
    root oid := _wh_internal.kept_relation(name);
    columns _wh.template_columns[] := _wh_internal.shown_columns(template.template_name);
    things jsonb := '[]'::jsonb;
    statements text := '';
    tenant record;
    beside text;
BEGIN
    IF root IS NOT NULL AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = root)
        AND _wh_internal.lacks_columns(template, root) THEN
        things := _wh_internal.keep_things(root::regclass::text, ARRAY[root], 'p');
        statements := concat(CASE WHEN root = ANY (_wh_internal.view_reads(to_regclass(format('public.%I',
                _wh_internal.fit_name(template.template_name)))))
            THEN _wh_internal.blank_view('public', _wh_internal.fit_name(template.template_name)) END,
            format('DROP TABLE %s; ', root::regclass));
        root := NULL;
    END IF;
    IF root IS NULL THEN
        PERFORM _wh_internal.execute_patiently(format('%sCREATE TABLE _wh_data.%I (schema_name text NOT '
            'NULL, %s%s) PARTITION BY LIST (schema_name); SELECT _wh_internal.put_back(%L, %L)',
            statements, name, _wh_internal.declared_columns(template.template_name),
            (SELECT string_agg(format(E'\n, %I %s%s', e.column_name, e.data_type,
                ' COLLATE ' || e.collation_name), '')
                FROM _wh_internal.partition_extras(template) e),
            format('_wh_data.%I', name), things));
        root := _wh_internal.kept_relation(name);
    ELSE
        PERFORM _wh_internal.fit_columns(template, root::regclass, extras => true);
    END IF;
    statements := '';
    FOR tenant IN
        SELECT l.schema_name, l.relid::regclass AS relation
        FROM _wh_internal.loose_tables(template.template_name) l
        WHERE l.schema_name IN (SELECT f.schema_name FROM unnest(feeds) f) ORDER BY l.schema_name
    LOOP
        -- If published in the same step, it may already be attached.
        PERFORM _wh_internal.fit_columns(template, tenant.relation, extras => true);
        CONTINUE WHEN EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = tenant.relation);
        IF EXISTS (SELECT FROM pg_attribute a JOIN pg_attribute r ON r.attname = a.attname
            WHERE a.attrelid = tenant.relation AND r.attrelid = root AND a.attname = template.time_column
                AND (a.atttypid, a.atttypmod) = (r.atttypid, r.atttypmod)
                AND NOT a.attisdropped AND NOT r.attisdropped)
        THEN
            statements := statements || format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%L);',
                root::regclass, tenant.relation, tenant.schema_name);
        ELSE
            beside := concat(beside, format(E'\nUNION ALL SELECT %L::text AS schema_name, %s FROM %s',
                tenant.schema_name, _wh_internal.select_list(tenant.relation, columns,
                _wh_internal.day_value(template, tenant.relation)), tenant.relation));
        END IF;
    END LOOP;
    IF statements <> '' THEN
        PERFORM _wh_internal.execute_patiently(statements);
    END IF;
    RETURN concat(format('SELECT schema_name, %s FROM %s', _wh_internal.select_list(root, columns,
        _wh_internal.day_value(template, root)), root::regclass), beside);
END
$$;
