CREATE OR REPLACE FUNCTION _wh_internal.adopt_copy(relation oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Make one materialized view again beside itself, with the name of the source's server in place of the
-- secret: same rows, indexes and comment. adopt.sql puts it in the old one's place, with what reads it.
DECLARE
    old record;
    connection text;
    query text;
    columns text;
    fresh text;
    statement text;
BEGIN
    SELECT c.oid, c.oid::regclass AS name, n.nspname, c.relname, c.relispopulated,
        pg_get_viewdef(c.oid) AS definition INTO old
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation AND c.relkind = 'm';
    connection := (SELECT f.tenant_name FROM _wh.tenants f WHERE f.schema_name = old.nspname);
    query := _wh_internal.adopt_query(old.definition);
    IF query IS NULL OR connection IS NULL THEN
        RAISE EXCEPTION '% cannot be made again without its source: its definition is not the manual''s',
            old.name USING ERRCODE = 'feature_not_supported', HINT = 'Drop it, or make it again by hand.';
    END IF;
    SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
        ORDER BY a.attnum)
    INTO columns FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    fresh := format('%I.%I', old.nspname, _wh_internal.fresh_name(old.relname));
    EXECUTE format('DROP MATERIALIZED VIEW IF EXISTS %s', fresh);
    PERFORM set_config('tenantry.adopted_from', old.name::text, true);
    EXECUTE format('CREATE MATERIALIZED VIEW %s AS '
        'SELECT * FROM _wh_internal.adopted_rows(%L, %L, %L) AS t(%s)%s', fresh,
        _wh_internal.server_name(connection), query, columns, columns,
        CASE WHEN NOT old.relispopulated THEN ' WITH NO DATA' END);
    PERFORM set_config('tenantry.adopted_from', '', true);
    FOR statement IN
        SELECT regexp_replace(pg_get_indexdef(i.indexrelid), '^(CREATE (?:UNIQUE )?INDEX ).*? ON .*? USING ',
            format(E'\\1%I ON %s USING ', left('tenantry_new_' || i.indexrelid, 63),
                replace(fresh, E'\\', E'\\\\')))
        FROM pg_index i WHERE i.indrelid = relation AND i.indisvalid
        UNION ALL
        SELECT format('COMMENT ON MATERIALIZED VIEW %s IS %L', fresh, d.description) FROM pg_description d
        WHERE d.classoid = 'pg_class'::regclass AND d.objoid = relation AND d.objsubid = 0
    LOOP
        EXECUTE statement;
    END LOOP;
    -- If the old one is refreshed before they change places, it is copied again.
    INSERT INTO _wh_adopt.copies (relid, filenode, fresh)
    VALUES (relation, pg_relation_filenode(relation), fresh::regclass)
    ON CONFLICT ON CONSTRAINT copies_pkey DO UPDATE SET filenode = excluded.filenode, fresh = excluded.fresh;
END
$$;
