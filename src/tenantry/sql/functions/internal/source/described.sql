CREATE OR REPLACE FUNCTION _wh_internal.described(query text, connection text, until timestamptz)
    RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The columns of a query, as the source describes them in the transaction that the caller has begun there:
-- the name, the source's name for the type, the oid of the type (for a domain, of its base type) with its
-- modifier, which PostgreSQL reveals only for domains, and whether it is an array.
DECLARE
    -- One row of NULLs with the query's names and types.
    nothing text
        := format(E'(SELECT q.* FROM (SELECT 1) AS one'
            ' LEFT JOIN (SELECT * FROM (%s\n) AS q WHERE false) AS q ON true) AS x', query);
    names text[];
    result jsonb;
BEGIN
    SELECT a::text[] INTO names
    FROM _wh_internal.ask_source(connection,
        'SELECT ARRAY(SELECT pg_catalog.json_object_keys(pg_catalog.row_to_json(x.*)))::pg_catalog.text '
        'FROM ' || nothing, until) a;
    IF names = '{}'::text[] THEN
        RETURN '[]'::jsonb;
    END IF;
    SELECT jsonb_agg(jsonb_build_object('name', _wh_internal.visible(left(names[t.n], 200)), 'source',
        _wh_internal.visible(left(t.type ->> 0, 200)), 'number', t.type -> 1,
        'modifier', t.type -> 2, 'is_array', t.type -> 3) ORDER BY t.n) INTO result
    FROM _wh_internal.ask_source(connection, format($q$WITH RECURSIVE base AS (
    SELECT u.n, u.type AS own, u.type, -1 AS mod
    FROM (SELECT ARRAY[%s]::pg_catalog.oid[] AS types FROM %s(%s)) AS a CROSS
        JOIN LATERAL pg_catalog.unnest(a.types) WITH ORDINALITY AS u (type, n)
    UNION ALL
    SELECT b.n, b.own, t.typbasetype, t.typtypmod FROM base AS b
        JOIN pg_catalog.pg_type AS t ON t.oid = b.type WHERE t.typtype = 'd'
)
SELECT pg_catalog.json_agg(pg_catalog.json_build_array(pg_catalog.format_type(b.own, NULL),
    b.type::pg_catalog.int8, b.mod, t.typcategory = 'A') ORDER BY b.n)::pg_catalog.text
FROM base AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.type WHERE t.typtype <> 'd'$q$,
        (SELECT string_agg(format('pg_catalog.pg_typeof(x.c%s)', n), ', ')
        FROM generate_series(1, cardinality(names)) n), nothing,
        (SELECT string_agg('c' || n, ', ') FROM generate_series(1, cardinality(names)) n)), until) a
    CROSS JOIN LATERAL jsonb_array_elements(a::jsonb) WITH ORDINALITY AS t (type, n);
    RETURN result;
END
$$;
