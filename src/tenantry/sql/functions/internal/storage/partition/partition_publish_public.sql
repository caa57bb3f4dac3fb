CREATE OR REPLACE FUNCTION _wh_internal.partition_publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the table of all tenants, in place of a public view if there is one, and attach every tenant's table
-- to it; true if something had to change. The caller holds the public view's lock.
DECLARE
    root text := _wh_internal.partition_root(template);
    kind "char" := _wh_internal.relation_kind(root);
    name text := _wh_internal.fit_name(template.template_name);
    statements text := '';
    tenant record;
    things jsonb := '[]'::jsonb;
    attached boolean := false;
    blockers text;
BEGIN
    -- A time column of another type cannot be changed in place: until all tables are ranged anew a view
    -- unites them.
    IF EXISTS (
        SELECT FROM _wh.feeds f
        JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', f.schema_name, name))
            AND a.attname = template.time_column AND NOT a.attisdropped
        JOIN _wh.template_columns c ON c.template_name = template.template_name
            AND c.column_name = template.time_column
        WHERE f.template_name = template.template_name
            AND format_type(a.atttypid, a.atttypmod) <> c.data_type)
    THEN
        RETURN _wh_internal.union_publish(template);
    END IF;
    IF kind NOT IN ('p', 'v') THEN
        RAISE EXCEPTION '% is in the way: it is neither a view nor a partitioned table', root
            USING ERRCODE = 'duplicate_table';
    END IF;
    IF kind IS NOT DISTINCT FROM 'p' THEN
        PERFORM _wh_internal.fit_columns(template, root::regclass, extras => true);
    ELSE
        IF kind = 'v' THEN
            things := _wh_internal.keep_things(root, ARRAY[root::regclass::oid], 'p');
        END IF;
        statements := format('%sCREATE TABLE %s (schema_name text NOT NULL, %s
) PARTITION BY LIST (schema_name); SELECT _wh_internal.put_back(%L, %L, exact => %L);',
            CASE WHEN kind = 'v' THEN format('DROP VIEW %s; ', root)
            ELSE '' END, root, _wh_internal.declared_columns(template.template_name)
                || coalesce((SELECT string_agg(format(E'\n, %I %s', e.column_name, e.data_type), '')
                FROM _wh_internal.partition_extras(template) e), ''),
            root, things, kind IS NOT NULL);
    END IF;
    FOR tenant IN SELECT f.schema_name, t.relation
        FROM _wh.feeds f, to_regclass(format('%I.%I', f.schema_name, name)) AS t (relation)
        WHERE f.template_name = template.template_name AND _wh_internal.relation_kind(t.relation::text) = 'p'
            AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = t.relation)
        ORDER BY f.schema_name
    LOOP
        PERFORM _wh_internal.fit_columns(template, tenant.relation, extras => true);
        statements := statements || format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%L);', root,
            tenant.relation, tenant.schema_name);
        attached := true;
    END LOOP;
    IF kind = 'v' AND NOT attached THEN
        PERFORM _wh_internal.refuse_empty_view(root::regclass,
            _wh_internal.feeds_read(root::regclass, template));
    END IF;
    IF statements = '' THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.execute_patiently(statements);
    RETURN true;
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS blockers = PG_EXCEPTION_DETAIL;
    IF blockers = '' THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'the view % becomes a table, but other objects need it', root
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = blockers,
        HINT = 'Drop those, run this again, then make them anew.';
END
$$;
