CREATE OR REPLACE FUNCTION _wh_internal.row_limit(template _wh.mv_templates, places integer[],
    source_types oid[], tenant_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A condition for a source's rows that ends its query at a row that is too large, before the row is sent:
    -- libpq holds a whole row in memory several times over. NULL if no column can be large. The length of
    -- text and bytea is known without reading the value. For other types only the stored size is known, and
    -- compression can make that up to 255 times smaller. So only values that could be too long are written
    -- out. A failing cast is the only way to raise an error in plain SQL.
    SELECT format('CASE WHEN %1$s > %2$s THEN format(''a row of %%s bytes is larger than max_row_bytes'', '
        '%1$s)::boolean ELSE true END',
        '0::bigint'
            || string_agg(format(CASE WHEN x.type IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype)
            THEN ' + coalesce(octet_length(%1$I), 0)'
            ELSE ' + coalesce(CASE WHEN pg_column_size(%1$I) > %2$s THEN octet_length(format(''%%s'', %1$I)) '
                'ELSE pg_column_size(%1$I) END, 0)' END,
            x.column_name, l.max_row_bytes / 256), '' ORDER BY x.position),
        min(l.max_row_bytes))
    FROM (SELECT c.position, c.column_name, source_types[places[c.position]] AS type
        FROM _wh.template_columns c WHERE c.template_name = template.template_name) x
    LEFT JOIN pg_type t ON t.oid = x.type AND t.oid < 10000
    CROSS JOIN _wh_internal.source_limits(coalesce((SELECT c.options FROM _wh.tenant_connections c
        WHERE c.tenant_name = row_limit.tenant_name), '{}')) l
    WHERE t.typlen = -1 AND t.typname NOT IN ('numeric', 'inet', 'cidr') OR t.oid IS NULL
    HAVING count(*) > 0
$$;
