CREATE OR REPLACE FUNCTION _wh_internal.operators_indexes(relations oid[], fresh regclass)
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Indexes that operators have created on relations; see operators_things. On a partitioned table all are
    -- theirs. Elsewhere the template's indexes are told apart by those that it creates now on the relation
    -- that takes the place (`fresh`; NULL: not compared), and by the names of all that it ever created.
    SELECT i.indrelid, format('index %I', c.relname), CASE r.relkind WHEN 'p' THEN ''
        ELSE 'rm' END, NULL::text,
        format('CREATE %sINDEX %I ON ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname),
        substr(d.definition, strpos(d.definition, ' USING '))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_class r ON r.oid = i.indrelid, pg_get_indexdef(i.indexrelid) AS d (definition)
    WHERE i.indrelid = ANY (relations) AND NOT c.relispartition AND i.indisvalid
        AND NOT EXISTS (SELECT FROM pg_constraint k
        WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
        AND (r.relkind = 'p' OR fresh IS NOT NULL
            AND _wh_internal.index_shape(i.indexrelid) NOT IN (SELECT _wh_internal.index_shape(f.indexrelid)
            FROM pg_index f WHERE f.indrelid = fresh)
            AND NOT _wh_internal.is_template_index(i.indexrelid))
$$;
