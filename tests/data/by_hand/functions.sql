-- The functions of such a warehouse, in the manual's names. The administrator owns them, and some run with the
-- administrator's rights. Their parameters and defaults are not Tenantry's.
CREATE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql AS $$
    SELECT (now() AT TIME ZONE 'UTC')::date
$$;
CREATE FUNCTION _wh.log_info(p_function text, p_message text, p_context jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO _wh.function_logs (function_name, log_level, message, context) VALUES (p_function, 'INFO', p_message, p_context)
$$;
CREATE FUNCTION _wh.log_error(p_function text, p_message text, p_context jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO _wh.function_logs (function_name, log_level, message, context) VALUES (p_function, 'ERROR', p_message, p_context)
$$;
CREATE FUNCTION _wh.log_debug(p_function text, p_message text, p_context jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO _wh.function_logs (function_name, log_level, message, context) VALUES (p_function, 'DEBUG', p_message, p_context)
$$;
CREATE FUNCTION _wh.get_tenant_connection_string(p_tenant text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
    SELECT format('host=%s port=%s dbname=%s user=%s password=%s', host, port, dbname, username, password)
    FROM _wh.tenant_connections WHERE tenant_name = p_tenant
$$;
CREATE FUNCTION _wh.create_mv_name(p_base text, p_day date) RETURNS text LANGUAGE sql AS $$
    SELECT p_base || '_' || to_char(p_day, 'YYYY_MM_DD')
$$;
CREATE FUNCTION _wh.does_mv_exist(p_schema text, p_view text) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT 1 FROM pg_matviews WHERE schemaname = p_schema AND matviewname = p_view)
$$;
CREATE FUNCTION _wh.create_mv_from_template(p_template text, p_tenant text, p_schema text, p_day date)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_template _wh.mv_templates%ROWTYPE;
    v_query text;
    v_name text := _wh.create_mv_name(p_template, p_day);
    v_indexes text;
BEGIN
    SELECT * INTO STRICT v_template FROM _wh.mv_templates WHERE template_name = p_template;
    v_query := replace(replace(v_template.query_template, '{TARGET_DATE}', p_day::text), '{SCHEMA}', p_schema);
    EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS SELECT * FROM dblink(%L, %L) AS t(%s)',
        p_schema, v_name, _wh.get_tenant_connection_string(p_tenant), v_query, v_template.column_definitions);
    v_indexes := replace(coalesce(v_template.indexes, ''), 'idx_{SCHEMA}', 'idx_' || lower(p_schema));
    v_indexes := replace(replace(v_indexes, '{SCHEMA}', quote_ident(p_schema)),
        '{VIEW_NAME}', quote_ident(v_name));
    IF v_indexes <> '' THEN
        EXECUTE v_indexes;
    END IF;
    EXECUTE format('GRANT SELECT ON %I.%I TO phood_ro', p_schema, v_name);
    PERFORM _wh.log_info('create_mv_from_template', format('created %s.%s', p_schema, v_name));
    RETURN true;
END
$$;
CREATE FUNCTION _wh.refresh_mv(p_schema text, p_view text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %I.%I', p_schema, p_view);
    RETURN true;
END
$$;
CREATE FUNCTION _wh.update_tenant_union_view_by_template(p_template text, p_tenant text, p_schema text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_columns text;
    v_union text;
BEGIN
    SELECT string_agg(quote_ident(split_part(btrim(line, E' \n'), ' ', 1)), ', ') INTO v_columns
    FROM _wh.mv_templates, regexp_split_to_table(btrim(column_definitions, E' \n'), ',') line
    WHERE template_name = p_template;
    SELECT string_agg(format('SELECT %s FROM %I.%I', v_columns, p_schema, relname), ' UNION ALL ' ORDER BY relname)
    INTO v_union
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = p_schema AND c.relkind IN ('m', 'r')
        AND c.relname ~ ('^' || p_template || '_[0-9]{4}(_[0-9]{2}_[0-9]{2})?$');
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I AS %s', p_schema, p_template, v_union);
    EXECUTE format('GRANT SELECT ON %I.%I TO phood_ro', p_schema, p_template);
    RETURN true;
END
$$;
CREATE FUNCTION _wh.update_public_view_by_template(p_template text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_columns text;
    v_union text;
BEGIN
    SELECT string_agg(quote_ident(split_part(btrim(line, E' \n'), ' ', 1)), ', ') INTO v_columns
    FROM _wh.mv_templates, regexp_split_to_table(btrim(column_definitions, E' \n'), ',') line
    WHERE template_name = p_template;
    SELECT string_agg(format('SELECT %L::text AS schema_name, %s FROM %I.%I', schemaname, v_columns, schemaname, viewname),
        ' UNION ALL ' ORDER BY schemaname) INTO v_union
    FROM pg_views WHERE viewname = p_template AND schemaname NOT IN ('public', '_wh');
    EXECUTE format('CREATE OR REPLACE VIEW public.%I AS %s', p_template, v_union);
    EXECUTE format('GRANT SELECT ON public.%I TO phood_ro', p_template);
    RETURN true;
END
$$;
CREATE FUNCTION _wh.update_mv_by_template(p_template text, p_tenant text, p_schema text, p_day date,
    p_allow_refresh_yesterday boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_name text := _wh.create_mv_name(p_template, p_day);
BEGIN
    IF _wh.does_mv_exist(p_schema, v_name) THEN
        RETURN _wh.refresh_mv(p_schema, v_name);
    END IF;
    PERFORM _wh.create_mv_from_template(p_template, p_tenant, p_schema, p_day);
    PERFORM _wh.update_tenant_union_view_by_template(p_template, p_tenant, p_schema);
    RETURN true;
END
$$;
CREATE FUNCTION _wh.update_mv_window_by_template(p_template text, p_tenant text, p_schema text, p_from timestamp, p_to timestamp)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_day date := p_from::date;
    v_name text;
BEGIN
    WHILE v_day <= p_to::date LOOP
        v_name := _wh.create_mv_name(p_template, v_day);
        IF _wh.does_mv_exist(p_schema, v_name) THEN
            PERFORM _wh.refresh_mv(p_schema, v_name);
        ELSE
            PERFORM _wh.create_mv_from_template(p_template, p_tenant, p_schema, v_day);
        END IF;
        v_day := v_day + 1;
    END LOOP;
    PERFORM _wh.update_tenant_union_view_by_template(p_template, p_tenant, p_schema);
    RETURN 'done';
END
$$;
CREATE FUNCTION _wh.create_combined_table_from_template_by_year(p_template text, p_schema text, p_year integer)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_table text := p_template || '_' || p_year;
    v_view record;
    v_columns text;
    v_count integer := 0;
BEGIN
    SELECT column_definitions INTO STRICT v_columns FROM _wh.mv_templates WHERE template_name = p_template;
    EXECUTE format('CREATE TABLE %I.%I (%s)', p_schema, v_table, v_columns);
    EXECUTE format('DROP VIEW IF EXISTS %I.%I CASCADE', p_schema, p_template);
    FOR v_view IN SELECT matviewname FROM pg_matviews
        WHERE schemaname = p_schema AND matviewname LIKE v_table || '\_%' ORDER BY 1
    LOOP
        EXECUTE format('INSERT INTO %I.%I SELECT * FROM %I.%I', p_schema, v_table, p_schema, v_view.matviewname);
        EXECUTE format('DROP MATERIALIZED VIEW %I.%I', p_schema, v_view.matviewname);
        v_count := v_count + 1;
    END LOOP;
    EXECUTE format('CREATE UNIQUE INDEX ON %I.%I (id)', p_schema, v_table);
    EXECUTE format('GRANT SELECT ON %I.%I TO phood_ro', p_schema, v_table);
    PERFORM _wh.update_tenant_union_view_by_template(p_template, '', p_schema);
    RETURN jsonb_build_object('success', true, 'processed_mvs', v_count);
END
$$;
-- What the operators wrote on top: their jobs call these, not the manual's functions.
CREATE FUNCTION _wh.cron_refresh_today(template text, connection text, schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM _wh.update_mv_by_template(template, connection, schema, _wh.current_date_utc());
    PERFORM _wh.log_info('cron_refresh_today', schema);
END
$$;
