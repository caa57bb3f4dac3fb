CREATE OR REPLACE FUNCTION _wh_internal.table_shape(root oid, schema_name text)
    RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What a tenant's partitioned table and its partitions are like: columns, time and indexes, by their
    -- catalog rows, with names relative to those of tenant and tables. Tables of one shape fit a template,
    -- or none of them does.
    SELECT md5(string_agg(concat_ws(E'\n', replace(c.relname, r.relname, '@'), k.partstrat, k.partattrs,
        a.columns, i.indexes), E'\n\n' ORDER BY replace(c.relname, r.relname, '@')))
    FROM pg_class r
    CROSS JOIN LATERAL unnest(ARRAY[root] || ARRAY(SELECT h.inhrelid FROM pg_inherits h
        WHERE h.inhparent = root)) AS o (oid)
    JOIN pg_class c ON c.oid = o.oid
    LEFT JOIN pg_partitioned_table k ON k.partrelid = c.oid
    CROSS JOIN LATERAL (
        SELECT string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
            a.attnotnull), ',' ORDER BY a.attnum) AS columns
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) a
    CROSS JOIN LATERAL (
        SELECT string_agg(concat_ws(' ', replace(replace(x.relname, c.relname, '@'), schema_name, '@'),
            x.relam, x.reloptions, x.reltablespace, i.indisunique, i.indisvalid, i.indnullsnotdistinct,
            i.indnkeyatts, i.indkey, i.indcollation, i.indclass, i.indoption, i.indexprs, i.indpred,
            EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conindid = i.indexrelid)),
            ',' ORDER BY x.relname) AS indexes
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid
    ) i
    WHERE r.oid = root
$$;
