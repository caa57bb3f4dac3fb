CREATE OR REPLACE FUNCTION _wh_internal.describe_view(schema_name text, view_name text,
    template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make a template's descriptions the comments of the relation that reports read, whatever its kind. A
-- comment that somebody else has written stays: only a missing comment, or one that is unchanged since this
-- function wrote it, is written, or removed when the description is gone. Reports need not wait for it.
DECLARE
    target regclass := to_regclass(format('%I.%I', schema_name, view_name));
    wanted jsonb := _wh_internal.view_descriptions(template);
    written jsonb := coalesce((SELECT v.comments FROM _wh.view_comments v
        WHERE v.schema_name = describe_view.schema_name AND v.view_name = describe_view.view_name), '{}');
    comments jsonb;
    statements text;
BEGIN
    WITH parts AS (
        SELECT o.name, d.description AS present, o.object
        FROM (
            SELECT 0 AS place, '' AS name, CASE c.relkind WHEN 'v' THEN 'VIEW'
                WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END || ' ' || target AS object
            FROM pg_class c WHERE c.oid = target
            UNION ALL
            SELECT a.attnum, a.attname, format('COLUMN %s.%I', target, a.attname)
            FROM pg_attribute a WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped
        ) o LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = target
            AND d.objsubid = o.place
    )
    SELECT string_agg(format('COMMENT ON %s IS %L; ', p.object, wanted ->> p.name), '')
            FILTER (WHERE p.present IS DISTINCT FROM wanted ->> p.name),
        coalesce(jsonb_object_agg(p.name, wanted ->> p.name) FILTER (WHERE wanted ? p.name), '{}')
    INTO statements, comments
    FROM parts p WHERE p.present IS NULL OR p.present = written ->> p.name;
    IF (statements IS NULL AND comments = written) OR NOT EXISTS (SELECT FROM pg_class c
        WHERE c.oid = target AND pg_has_role(c.relowner, 'USAGE')) THEN
        RETURN;
    END IF;
    PERFORM _wh_internal.execute_patiently(concat(statements, format(
        'INSERT INTO _wh.view_comments (schema_name, view_name, comments) VALUES (%L, %L, %L) '
        'ON CONFLICT (schema_name, view_name) DO UPDATE SET comments = excluded.comments',
        schema_name, view_name, comments)));
END
$$;
