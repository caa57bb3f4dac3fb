CREATE OR REPLACE FUNCTION _wh_internal.row_hash(template _wh.mv_templates, given_types oid[],
    as_kept boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- An expression for a 64-bit hash of a row with the template's columns. `given_types` are the column
    -- types where the expression runs, NULL if unknown. `as_kept` hashes the row as the warehouse stores it,
    -- with the template's types, so that a source's row and the stored row have the same hash. Without
    -- `as_kept`, a value that the warehouse cannot store has a hash as well.
    --
    -- It hashes the row's binary image, as COPY would send it, because the hashes of the types themselves do
    -- not tell -1 from 1, nor 1.0 from 1.00. If the types are known, text columns go into the seed of that
    -- hash by their own hash, which is faster. A value of another type goes through its text, as in a load. A
    -- type that is not PostgreSQL's own has a different oid in each database, and so a different image; its
    -- text is hashed. All these functions exist since PostgreSQL 11.
    WITH columns AS (
        SELECT c.position, quote_ident(c.column_name) AS name, c.data_type, t.oid < 10000
        AND t.typsend <> 0 AS own,
            CASE WHEN as_kept THEN t.oid
            ELSE given_types[c.position] END IN ('text'::regtype, 'varchar'::regtype) AS is_text,
            CASE WHEN given_types IS NOT NULL
                THEN coalesce(given_types[c.position] = t.oid, false) END AS same_type,
            format('CASE WHEN %1$I IS DISTINCT FROM NULL THEN format(''%%s'', %1$I) END',
                c.column_name) AS written
        FROM _wh.template_columns c JOIN pg_type t ON t.oid = to_regtype(c.data_type)
        WHERE c.template_name = template.template_name
    ), hashed AS (
        SELECT position, coalesce(is_text, false) OR as_kept AND NOT own AS is_text, CASE
            WHEN NOT as_kept THEN name
            WHEN NOT own THEN written
            WHEN same_type THEN format('%s::%s', name, data_type)
            WHEN same_type IS NULL
                THEN format('CASE WHEN pg_typeof(%1$s) = %2$L::regtype THEN %1$s::%3$s ELSE (%4$s)::%3$s END',
                name, to_regtype(data_type), data_type, written)
            ELSE format('(%s)::%s', written, data_type) END AS value
        FROM columns
    )
    SELECT format('hash_array_extended(ARRAY[record_send(ROW(%s))], %s)',
        string_agg(value, ', ' ORDER BY position) FILTER (WHERE NOT is_text),
        coalesce(string_agg(format('coalesce(hashtextextended(%s COLLATE "C", %s), 0)', value, position),
            ' # ' ORDER BY position)
            FILTER (WHERE is_text), '0'))
    FROM hashed
$$;
