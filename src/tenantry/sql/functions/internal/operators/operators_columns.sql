CREATE OR REPLACE FUNCTION _wh_internal.operators_columns(relations oid[])
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What operators have added to the columns of relations; see operators_things. A template's columns have
    -- neither defaults nor constraints; schema_name is Tenantry's own.
    WITH columns AS (
        SELECT a.*, t.typstorage, quote_ident(a.attname) AS name FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = ANY (relations) AND a.attnum > 0 AND NOT a.attisdropped
    ), things (relid, what, kinds, column_name, before, after) AS (
        SELECT c.attrelid, 'comment', 'rpvm', c.attname, 'COMMENT ON COLUMN ',
        format('.%s IS %L', c.name, d.description)
        FROM columns c JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.attrelid
            AND d.objsubid = c.attnum
        WHERE d.description IS DISTINCT FROM _wh_internal.own_comment(c.attrelid, c.attname)
        UNION ALL
        SELECT c.attrelid, 'security label', 'rpvm', c.attname,
            format('SECURITY LABEL FOR %I ON COLUMN ', l.provider), format('.%s IS %L', c.name, l.label)
        FROM columns c JOIN pg_seclabel l ON l.classoid = 'pg_class'::regclass AND l.objoid = c.attrelid
            AND l.objsubid = c.attnum
        UNION ALL
        SELECT c.attrelid, 'default', 'rpv', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET DEFAULT %s', c.name, pg_get_expr(d.adbin, d.adrelid))
        FROM columns c JOIN pg_attrdef d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
            WHERE c.attgenerated = '' AND c.attname <> 'schema_name'
        UNION ALL
        SELECT c.attrelid, 'NOT NULL', 'rp', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET NOT NULL', c.name)
        FROM columns c WHERE c.attnotnull AND c.attname NOT IN ('schema_name', 'slice_date')
        UNION ALL
        -- Up to version 16 the default is -1.
        SELECT c.attrelid, 'statistics target', 'rpm', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET STATISTICS %s', c.name, c.attstattarget)
        FROM columns c WHERE c.attstattarget >= 0
        UNION ALL
        SELECT c.attrelid, 'options', 'rpm', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET (%s)', c.name, array_to_string(c.attoptions, ', '))
        FROM columns c WHERE c.attoptions IS NOT NULL
        UNION ALL
        SELECT c.attrelid, 'storage', 'rpm', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET STORAGE %s', c.name,
            CASE c.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'
                ELSE 'EXTENDED' END)
        FROM columns c JOIN pg_class r ON r.oid = c.attrelid AND r.relkind <> 'v'
            WHERE c.typstorage IS DISTINCT FROM c.attstorage
        UNION ALL
        SELECT c.attrelid, 'compression', 'rpm', c.attname, 'ALTER TABLE ',
            format(' ALTER COLUMN %s SET COMPRESSION %s', c.name,
            CASE c.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END)
        FROM columns c WHERE c.attcompression <> ''
    )
    SELECT t.relid, format('%s of column %I', t.what, t.column_name), t.kinds, t.column_name::text, t.before,
        t.after FROM things t
$$;
