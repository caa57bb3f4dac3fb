CREATE OR REPLACE FUNCTION _wh_internal.adopt_begin(connections jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Take over connections and templates, and return the feeds: [{schema_name, template_name, connection}, …].
DECLARE
    feeds jsonb;
    unknown text;
BEGIN
    IF to_regclass('_wh_adopt.objects') IS NULL THEN
        RAISE EXCEPTION 'there is nothing to adopt' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run adopt.sql first, as the administrator.';
    END IF;
    INSERT INTO _wh.tenant_connections AS c (tenant_name, host, port, dbname, username, password)
    SELECT m.tenant_name, _wh_internal.from_libpq(m.host), m.port, _wh_internal.from_libpq(m.dbname),
        _wh_internal.from_libpq(m.username), CASE
            -- Read as libpq did, if it was written into a definition as it is.
            WHEN m.password ~ E'^[^'']*\\\\' AND EXISTS (SELECT FROM _wh_adopt.objects o
                WHERE o.secret AND strpos(pg_get_viewdef(o.relid), 'password=' || m.password) > 0)
            THEN regexp_replace(m.password, E'\\\\(.)', E'\\1', 'g')
            ELSE _wh_internal.from_libpq(m.password) END
    FROM _wh_manual.tenant_connections m
    WHERE NOT EXISTS (SELECT FROM _wh.tenant_connections x WHERE x.tenant_name = m.tenant_name);
    INSERT INTO _wh.mv_templates AS t (template_name, description, query_template, column_definitions,
        indexes, storage)
    SELECT m.template_name, m.description, m.query_template, m.column_definitions, m.indexes, 'matview'
    FROM _wh_manual.mv_templates m
    ON CONFLICT (template_name) DO UPDATE
    SET (description, query_template, column_definitions, indexes, storage)
        = (excluded.description, excluded.query_template, excluded.column_definitions,
        excluded.indexes, excluded.storage)
    -- An example that Tenantry installed; one that feeds use has been taken over already.
    WHERE NOT EXISTS (SELECT FROM _wh.feeds f WHERE f.template_name = t.template_name);
    PERFORM _wh_internal.adopt_logs();
    SELECT jsonb_agg(to_jsonb(f) ORDER BY f.schema_name, f.template_name),
        string_agg(format('%I', f.schema_name), ', ') FILTER (WHERE f.connection IS NULL)
    INTO feeds, unknown
    FROM (
        SELECT o.schema_name, o.template_name,
            coalesce(connections ->> o.schema_name::text, t.connection) AS connection
        FROM _wh_adopt.objects o JOIN _wh_adopt.tenants t USING (schema_name) WHERE o.kind IN ('day', 'year')
        GROUP BY o.schema_name, o.template_name, t.connection
    ) f;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'cannot tell which connection loads %', unknown USING ERRCODE = 'ambiguous_parameter',
            HINT = 'Say so: --connection SCHEMA=CONNECTION, or '
                'CALL _wh.adopt_tenants(''{"SCHEMA": "CONNECTION"}'')';
    END IF;
    -- All of them before the first is settled: the public view shows the tenants that are registered.
    PERFORM _wh_internal.open_feed(f ->> 'template_name', f ->> 'connection', f ->> 'schema_name')
    FROM jsonb_array_elements(feeds) f;
    RETURN coalesce(feeds, '[]');
END
$$;
