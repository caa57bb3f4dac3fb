CREATE OR REPLACE FUNCTION _wh_internal.unique_key(relation regclass, among text[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of the smallest unique index that consists only of columns in `among`; NULL if there is
    -- none. A table of several tenants has such indexes within each tenant.
    SELECT array_agg(a.attname::text ORDER BY k.n)
    FROM (SELECT i.indexrelid, i.indkey, i.indnkeyatts FROM pg_index i
          WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND i.indpred IS NULL AND i.indexprs IS NULL
            AND NOT EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = relation AND a.attnum = ANY (i.indkey) 
            AND a.attname <> ALL (among || 'schema_name'::text))
          ORDER BY i.indnkeyatts, i.indexrelid LIMIT 1) x,
        unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = k.attnum
    WHERE k.n <= x.indnkeyatts AND a.attname <> 'schema_name'
$$;
