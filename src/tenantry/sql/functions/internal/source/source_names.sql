CREATE OR REPLACE FUNCTION _wh_internal.source_names(template _wh.mv_templates, tenant_name text,
    schema_name text) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The names of the columns of a template's query, as the source reports them through dblink; NULL if the
-- query returns more or fewer columns than are declared, which dblink itself refuses. dblink reports no
-- names, so the source makes a row of NULLs with the query's names (those of the first part of a UNION) and
-- writes it as JSON. A session asks once per feed and keeps the answer: columns that are picked by name are
-- looked up by the source each time anyway. The caller has begun a transaction there (begin_source).
DECLARE
    asked text := md5(jsonb_build_array(schema_name, template.template_name, tenant_name,
        _wh_internal.definition_hash(template))::text);
    known jsonb := nullif(current_setting('tenantry.source_names', true), '')::jsonb;
    day date := _wh.current_date_utc();
    names text[];
BEGIN
    IF known ->> 'asked' = asked THEN
        RETURN ARRAY(SELECT jsonb_array_elements_text(known -> 'names'));
    END IF;
    BEGIN
        EXECUTE format('SELECT d.names FROM %I.dblink(%L, %L) AS d(names text[])',
            _wh_internal.dblink_schema(),
            _wh_internal.known_server(tenant_name),
            format(E'SAVEPOINT tenantry_names; SELECT ARRAY(SELECT json_object_keys(row_to_json(n.*))) FROM '
                '(SELECT * FROM (%s\n) AS q WHERE false UNION ALL SELECT %s) AS n',
                _wh_internal.render_query(_wh_internal.template_query(template), schema_name, day, day),
                (SELECT string_agg('NULL', ', ') FROM _wh.template_columns c
                    WHERE c.template_name = template.template_name)))
        INTO names;
    EXCEPTION WHEN syntax_error THEN
        -- The error is in the UNION or in the query itself; the caller that pulls the rows finds out which.
        EXECUTE format('SELECT %I.dblink_exec(%L, %L)', _wh_internal.dblink_schema(),
            _wh_internal.known_server(tenant_name),
            'ROLLBACK TO SAVEPOINT tenantry_names');
        RETURN NULL;
    END;
    PERFORM set_config('tenantry.source_names', jsonb_build_object('asked', asked, 'names', names)::text,
        false);
    RETURN names;
END
$$;
